"""The whole house as one object: database, Dagster processes and Superset, started in order and ended together.

Belongs here: what `omni demo` and `omni up` share. What only the demo has (gateway, invented files) is in `demo`.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from connectors.postgres.server import stop_embedded
from connectors.secrets import local_secret, secret_path
from connectors.settings import Settings
from orchestration.cli.bi import ADMIN
from orchestration.cli.console import complain, say, table
from orchestration.cli.db import migrated_database
from orchestration.cli.environment import (
    Ports,
    pipeline_environment,
    prepare_dagster_home,
    ready_path,
    superset_environment,
)
from orchestration.cli.manifest import prepare_manifest
from orchestration.cli.services import (
    Service,
    Supervisor,
    dagster_services,
    door_service,
    stop_leftovers,
    superset_service,
)
from orchestration.launch import DagsterClient

RESTART_PAUSE_SECONDS = 5.0
INTERRUPTED = 130
PASSWORD = "superset_admin_password"  # noqa: S105 - the name of a secret


class Stack:
    """Everything that runs, with its addresses. Create it, start the parts, and always `stop` it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.supervisor = Supervisor(settings)
        self.database_url = ""
        self.ports = Ports.choose(settings)

    def start_database(self) -> None:
        """Start or join the database and bring its schemas up to date."""
        for name in stop_leftovers(self.settings):
            say(f"{name} was left over from an omni that was killed; stopped it")
        self.database_url = migrated_database(self.settings)

    def start_dagster(self) -> str:
        """Start code servers, web server and daemon, in this order; returns the web server's URL."""
        environment = self.pipeline_environment()
        prepare_dagster_home(self.settings)
        prepare_manifest(environment)
        services = dagster_services(self.settings, self.ports, environment)
        locations, web, daemon = services[:2], services[2], services[3]
        self._start(locations)
        self._start([web])
        for job in DagsterClient(web.url).cancel_cut_off_runs():
            say(f"a run of {job} was cut off when omni was killed; marked as cancelled, the next one reads on")
        self._start([daemon])
        return web.url

    def start_superset(self) -> str:
        """Start Superset; its environment must be installed and provisioned. Returns its URL."""
        service = superset_service(self.settings, self.ports, self.superset_environment())
        self._start([service])
        return service.url

    def start_door(self) -> str:
        """Start the webhook door with its control API; returns its URL. Dagster must be there, or runs cannot start."""
        service = door_service(self.settings, self.ports.door, self.pipeline_environment())
        self._start([service])
        return service.url

    def start(self, service: Service) -> None:
        """Start any other service and wait until it is well."""
        self._start([service])

    def pipeline_environment(self) -> dict[str, str]:
        """Variables of the Dagster processes and of dbt."""
        return pipeline_environment(self.settings, self.database_url, self.ports)

    def superset_environment(self) -> dict[str, str]:
        """Variables of the Superset processes."""
        return superset_environment(self.settings, self.database_url)

    def announce(self, dagster_url: str, superset_url: str, door_url: str, *, is_invented: bool = False) -> None:
        """Print where everything is and how to log in; `run/ready.json` says the same to programs, without secrets.

        Unless the company is invented, the password is for a terminal only: what is printed elsewhere is kept, and
        others may read it.
        """
        password = local_secret(self.settings, PASSWORD).get_secret_value()
        is_shown = is_invented or sys.stdout.isatty()
        shown = password if is_shown else f"the word in {secret_path(self.settings, PASSWORD)}"
        rows: list[tuple[object, ...]] = [
            ("Superset (dashboards)", superset_url, f"{ADMIN} / {shown}"),
            ("Dagster (pipeline)", dagster_url, "no login, this machine only"),
            ("Webhooks and API", f"{door_url}/api/docs", "omni api-keys create --help"),
            ("PostgreSQL", "omni db psql", "omni db url"),
        ]
        table("Ready", ("what", "where", "login"), rows)
        addresses = {"superset": superset_url, "dagster": dagster_url, "door": door_url, "user": ADMIN}
        ready_path(self.settings).write_text(json.dumps(addresses))

    def watch(self) -> None:
        """Keep services running; one that ends is started again after a pause. Returns when it is interrupted."""
        try:
            while True:
                for name in self.supervisor.ended():
                    complain(f"service {name} ended; starting it again (log: {self.supervisor.log_of(name)})")
                    time.sleep(RESTART_PAUSE_SECONDS)
                    self.supervisor.restart(name)
                time.sleep(1.0)
        except KeyboardInterrupt:
            say("stopping …")

    def stop(self) -> None:
        """Stop every service, then the embedded database."""
        ready_path(self.settings).unlink(missing_ok=True)
        self.supervisor.stop()
        stop_embedded(self.settings)

    def _start(self, services: list[Service]) -> None:
        for service in services:
            self.supervisor.start(service)
        for service in services:
            self.supervisor.wait_until_well(service)


def run_until_interrupted(stack: Stack, work: Callable[[], int]) -> int:
    """Run `work`, turn Ctrl-C and SIGTERM into an orderly stop, and always leave nothing running.

    The exit code is that of `work`; 130 when it was interrupted before its end, as shells say it.
    """
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return work()
    except KeyboardInterrupt:
        say("stopping …")
        return INTERRUPTED
    finally:
        # A further signal must not cut the stop short and leave processes behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stack.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, previous)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
