"""Is the service in this container well? `python -m orchestration.cli.health webserver --port 3000` ends with 0 or 1.

Belongs here: asking, from the same machine, the questions that `omni up` asks its services. Used by docker-compose.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from connectors.settings import Settings
from orchestration.cli.deployment import beat_service, worker_service
from orchestration.cli.environment import Ports, pipeline_environment
from orchestration.cli.services import Service, dagster_services, door_service, superset_service

SERVICES = ("ingest", "transform", "webserver", "daemon", "superset", "superset-worker", "superset-beat", "door")


def is_well(name: str, port: int) -> bool:
    """Whether the service of this container answers; the daemon is judged by its heartbeats in the database."""
    settings = Settings(bind_host="127.0.0.1")
    if name == "daemon":
        return _daemon_beats(settings)
    service = _service(name, settings, port)
    return service.is_well is not None and service.is_well()


def _service(name: str, settings: Settings, port: int) -> Service:
    if name == "superset-worker":
        return worker_service(os.environ)
    if name == "superset-beat":
        return beat_service(settings, os.environ)
    ports = Ports(port, port, port, port, port)
    known = [
        *dagster_services(settings, ports, {}),
        superset_service(settings, ports, {}),
        door_service(settings, port, {}),
    ]
    return next(service for service in known if service.name == name)


def _daemon_beats(settings: Settings) -> bool:
    url = "" if settings.database_url is None else settings.database_url.get_secret_value()
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "liveness-check"]
    environment = pipeline_environment(settings, url)
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60).returncode == 0


def main() -> int:
    """Read the command line; the exit code is the answer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--port", type=int, default=0, help="where it listens, if it does")
    options = parser.parse_args()
    return 0 if is_well(options.service, options.port) else 1


if __name__ == "__main__":
    sys.exit(main())
