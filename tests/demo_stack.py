"""The whole demo as a fixture: one `omni demo` for all tests that look at it from the outside.

OMNI_TEST_DEMO_DIR names the data directory of a demo that runs already (`omni demo --orders-per-day 6`): minutes saved
while such a test is written. Its gateway pushes no events from then on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from connectors.postgres.server import ensure_database
from connectors.secrets import local_secret
from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli.environment import ready_path

STARTING_SECONDS = 900.0


@dataclass(frozen=True)
class DemoStack:
    """Where a running demo is and how to log in to it."""

    settings: Settings
    database_url: str = field(repr=False)
    superset_url: str
    dagster_url: str
    gateway_url: str
    door_url: str
    user: str
    password: str = field(repr=False)


@contextmanager
def running_demo(data_dir: Path) -> Iterator[DemoStack]:
    """Run `omni demo` in `data_dir` until the block ends; its output is the message when it does not start."""
    data_dir.mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k != "OMNI_DATABASE_URL"}
    environment |= {"OMNI_DATA_DIR": str(data_dir), "OMNI_HISTORY_DAYS": "90"}
    log = data_dir / "demo.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", "demo", "--orders-per-day", "6"],
            cwd=PROJECT_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _stack(data_dir, process, log)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)


def _stack(data_dir: Path, process: subprocess.Popen[bytes], log: Path) -> DemoStack:
    ready = ready_path(_settings(data_dir))
    deadline = time.monotonic() + STARTING_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the demo did not start:\n{log.read_text(errors='replace')[-6000:]}")
        time.sleep(0.5)
    return _described(data_dir)


def _settings(data_dir: Path) -> Settings:
    return Settings(_env_file=None, data_dir=data_dir)  # type: ignore[call-arg]


def _described(data_dir: Path) -> DemoStack:
    settings = _settings(data_dir)
    addresses = json.loads(ready_path(settings).read_text())
    gateway_url = json.loads((data_dir / "sandbox" / "gateway.json").read_text())["url"]
    # Tests compare the marts with the gateway at one instant: events are pushed only when a test asks for them.
    httpx.delete(f"{gateway_url}/sandbox/webhooks/subscription", timeout=30).raise_for_status()
    return DemoStack(
        settings=settings,
        database_url=ensure_database(settings),
        superset_url=addresses["superset"],
        dagster_url=addresses["dagster"],
        gateway_url=gateway_url,
        door_url=addresses["door"],
        user=addresses["user"],
        password=local_secret(settings, "superset_admin_password").get_secret_value(),
    )


@pytest.fixture(scope="session")
def demo_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStack]:
    """A demo with fewer orders than the default, started once for the session."""
    if running := os.environ.get("OMNI_TEST_DEMO_DIR"):
        yield _described(Path(running))
        return
    with running_demo(tmp_path_factory.mktemp("demo") / "omni") as stack:
        yield stack
