"""Services that only a deployment in containers runs: Superset's worker and beat.

Belongs here: their command lines and how each is asked for its health. The services that the demo runs too live in
`services`; which container runs what is written in docker-compose.yml.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Mapping

from connectors.errors import ConfigurationError
from connectors.settings import Settings
from orchestration.cli.services import Service, superset_python
from orchestration.superset_beat import beats, schedule_path

CELERY_APP = "superset.tasks.celery_app:app"
BROKER = "OMNI_SUPERSET_BROKER_URL"


def worker_service(environment: Mapping[str, str]) -> Service:
    """Superset's Celery worker. Raises ConfigurationError without a broker."""
    options = [
        "worker",
        "--pool",
        "prefork",
        "--concurrency",
        "2",
        "--hostname",
        "superset@%h",
        "--loglevel",
        "WARNING",
    ]
    broker = _broker(environment)
    return Service("superset-worker", _celery(*options), environment, is_well=lambda: _worker_replies(broker))


def beat_service(settings: Settings, environment: Mapping[str, str]) -> Service:
    """Superset's Celery beat; its schedule lies in the data folder. Raises ConfigurationError without a broker."""
    _broker(environment)
    options = ["beat", "--schedule", str(schedule_path(settings.data_dir)), "--pidfile", "", "--loglevel", "WARNING"]
    return Service("superset-beat", _celery(*options), environment, is_well=lambda: beats(settings.data_dir))


def _celery(*options: str) -> list[str]:
    return [str(superset_python()), "-m", "celery", "--app", CELERY_APP, *options]


def _broker(environment: Mapping[str, str]) -> str:
    broker = environment.get(BROKER)
    if not broker:
        raise ConfigurationError(f"{BROKER} is not set", remedy="name a Redis, such as redis://localhost:6379/0")
    return broker


def _worker_replies(broker: str) -> bool:
    command = [str(superset_python()), "-m", "celery", "--broker", broker, "inspect", "ping", "--timeout", "10"]
    command += ["--destination", f"superset@{socket.gethostname()}"]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
