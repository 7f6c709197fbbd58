"""`omni up` and `omni down`: the services for your own shops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import psycopg

from connectors.errors import ConfigurationError
from connectors.postgres.server import status as database_status
from connectors.postgres.server import stop_embedded
from connectors.settings import PROJECT_ROOT, Settings
from connectors.shops import list_shops
from orchestration.cli.bi import install_bi, provision_bi
from orchestration.cli.console import Steps, out, say
from orchestration.cli.services import recorded, stop_leftovers
from orchestration.cli.stack import Stack, run_until_interrupted

STARTING_SECONDS = 600.0


def run_up(settings: Settings, *, detach: bool) -> int:
    """Start every service and look after them until interrupted; detached, return once they are well."""
    found = recorded(settings)
    if found.supervisor is not None and found.running:
        raise ConfigurationError(
            f"omni already runs (pid {found.supervisor})", remedy="see `omni status`, or `omni down`"
        )
    if detach:
        return _detach(settings)
    stack = Stack(settings)
    return run_until_interrupted(stack, lambda: _start_and_watch(stack))


def run_down(settings: Settings) -> int:
    """Ask the supervisor to stop everything; end what a killed one left behind; stop the database last."""
    supervisor = recorded(settings).supervisor
    if supervisor is not None and supervisor != os.getpid():
        os.kill(supervisor, signal.SIGTERM)
        _wait_for_end(supervisor)
    for name in stop_leftovers(settings):
        say(f"stopped {name}")
    if stop_embedded(settings):
        say("stopped the embedded database")
    out.print("omni is down; the data are kept")
    return 0


def _start_and_watch(stack: Stack) -> int:
    steps = Steps(total=5)
    with steps.step("Database") as step:
        stack.start_database()
        step.note = str(database_status(stack.settings))
    _warn_about_shops(stack)
    with steps.step("Superset environment and dashboards"):
        install_bi()
        provision_bi(stack.settings, stack.database_url, say)
    with steps.step("Dagster") as step:
        dagster = step.note = stack.start_dagster()
    with steps.step("Webhook door and control API") as step:
        door = step.note = stack.start_door()
    with steps.step("Superset") as step:
        superset = step.note = stack.start_superset()
    stack.announce(dagster, superset, door)
    stack.watch()
    return 0


def _warn_about_shops(stack: Stack) -> None:
    with psycopg.connect(stack.database_url) as connection:
        shops = list_shops(connection, active_only=True)
    if not shops:
        say("there is no shop yet: omni shops add --help")
    if any(one.gateway_url and "127.0.0.1" in one.gateway_url for one in shops):
        say("this database holds the demo's invented shops; set OMNI_DATA_DIR to start with an empty one")


def _detach(settings: Settings) -> int:
    """Start a supervisor in the background and wait until it has announced its services."""
    log = settings.data_dir / "logs" / "omni-up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", "up"],
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if "Ready" in log.read_text(errors="replace"):
            out.print(log.read_text(errors="replace"), markup=False)
            return 0
        time.sleep(0.5)
    raise ConfigurationError(
        f"the services did not start:\n{log.read_text(errors='replace')[-2000:]}", remedy=f"read {log}"
    )


def _wait_for_end(pid: int) -> None:
    try:
        psutil.Process(pid).wait(timeout=90)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired as error:
        raise ConfigurationError(f"omni (pid {pid}) does not stop", remedy=f"kill -9 {pid}, then omni down") from error
