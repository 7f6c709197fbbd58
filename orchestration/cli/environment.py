"""The environment every service starts with: one place decides which variable a process may see.

Belongs here: URLs, folders and generated secrets, as the variables that Dagster, dbt and Superset read.
Superset never sees the pipeline's own database user: its metadata and the marts are reached as roles that see nothing
else. Of the caller's variables it is given those that it reads; nobody but the pipeline sees the credentials' key.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from connectors.errors import ConfigurationError
from connectors.postgres.readers import SCOPE_SECRET
from connectors.postgres.urls import bi_reader_url, dagster_url, superset_url
from connectors.secrets import local_secret
from connectors.settings import PROJECT_ROOT, Settings

SUPERSET_DIR = PROJECT_ROOT / "superset"
_OF_ANY_PROCESS = (
    "PATH", "LD_LIBRARY_PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "LANGUAGE", "SSL_CERT_FILE", "SSL_CERT_DIR"
)  # fmt: skip
_OF_SUPERSETS_MAIL = ("OMNI_SMTP_URL", "OMNI_MAIL_FROM")
_SERVICE_PORTS = range(20_000, 32_768)


@dataclass(frozen=True)
class Ports:
    """Where each service listens on `settings.bind_host`."""

    ingest: int
    transform: int
    dagster: int
    superset: int
    door: int

    @classmethod
    def choose(cls, settings: Settings) -> Ports:
        """Configured ports, and free ones for those left at 0."""
        free = iter(_free_ports(settings.bind_host, 5))
        return cls(
            ingest=next(free),
            transform=next(free),
            dagster=settings.dagster_port or next(free),
            superset=settings.superset_port or next(free),
            door=settings.door_port or next(free),
        )


def pipeline_environment(settings: Settings, database_url: str, ports: Ports | None = None) -> dict[str, str]:
    """Variables for dbt and the Dagster processes, on top of the caller's own. Nothing is written: see
    `prepare_dagster_home`.
    """
    environment = _clean_parent_environment() | {
        "OMNI_DATABASE_URL": database_url,
        "OMNI_DATA_DIR": str(settings.data_dir),
        "OMNI_DAGSTER_DATABASE_URL": dagster_url(database_url),
        "OMNI_LOG_DIR": str(settings.data_dir / "logs" / "runs"),
        "DAGSTER_HOME": str(_dagster_home(settings)),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    if ports is not None:
        environment |= {
            "OMNI_INGEST_HOST": settings.bind_host,
            "OMNI_INGEST_PORT": str(ports.ingest),
            "OMNI_TRANSFORM_HOST": settings.bind_host,
            "OMNI_TRANSFORM_PORT": str(ports.transform),
            "OMNI_SUPERSET_URL": settings.superset_url or f"http://{settings.bind_host}:{ports.superset}",
            "OMNI_DAGSTER_URL": settings.dagster_url or f"http://{settings.bind_host}:{ports.dagster}",
        }
    return environment


def superset_environment(settings: Settings, database_url: str) -> dict[str, str]:
    """All variables of Superset: its own metadata, the read-only door to the marts, generated secrets, and those of the
    caller's that it reads itself.
    """
    return _surroundings_of_superset(settings) | _secrets_of_superset(settings, database_url)


def keep_superset_environment(settings: Settings, database_url: str) -> None:
    """Write down, among Superset's own files, what a container needs that has nothing else of the data folder."""
    path = _kept_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(_secrets_of_superset(settings, database_url), file)
    Path(scratch).replace(path)


def kept_superset_environment(settings: Settings) -> dict[str, str]:
    """Like `superset_environment`, from what `omni provision` wrote down; neither database nor secrets are asked.

    Raises ConfigurationError before the first `omni provision`.
    """
    path = _kept_path(settings)
    if not path.exists():
        raise ConfigurationError(f"{path} is not there: Superset was not prepared", remedy="run `omni provision` first")
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return _surroundings_of_superset(settings) | kept


def _secrets_of_superset(settings: Settings, database_url: str) -> dict[str, str]:
    secrets = {
        "OMNI_BI_SCOPE_SECRET": SCOPE_SECRET,
        "OMNI_SUPERSET_SECRET_KEY": "superset_secret_key",
        "OMNI_SUPERSET_GUEST_TOKEN_SECRET": "superset_guest_token",
        "OMNI_SUPERSET_ASYNC_QUERIES_SECRET": "superset_async_queries",
        "OMNI_SUPERSET_ADMIN_PASSWORD": "superset_admin_password",
    }
    return {
        "OMNI_SUPERSET_DATABASE_URL": superset_url(database_url, settings),
        "OMNI_BI_DATABASE_URL": bi_reader_url(database_url, settings),
        **{variable: local_secret(settings, name).get_secret_value() for variable, name in secrets.items()},
    }


def _surroundings_of_superset(settings: Settings) -> dict[str, str]:
    parent = {name: value for name, value in _clean_parent_environment().items() if _is_for_superset(name)}
    if not parent.get("OMNI_SUPERSET_BROKER_URL"):
        parent.pop("OMNI_SMTP_URL", None)  # without a broker it is the pipeline that sends mail
    home = settings.data_dir / "superset"
    home.mkdir(parents=True, exist_ok=True)
    return parent | {
        "SUPERSET_CONFIG_PATH": str(SUPERSET_DIR / "superset_config.py"),
        "SUPERSET_HOME": str(home),
        "OMNI_DATA_DIR": str(settings.data_dir),
    }


def _kept_path(settings: Settings) -> Path:
    return settings.data_dir / "superset" / "environment.json"


def ready_path(settings: Settings) -> Path:
    """The file in which a running stack says to programs where its services are."""
    return settings.data_dir / "run" / "ready.json"


def prepare_dagster_home(settings: Settings) -> None:
    """Make the folder that Dagster calls home, holding a copy of the project's dagster.yaml.

    For whoever starts Dagster's processes. Runs under way read that file, so that it changes whole or not at all.
    """
    source, copy = PROJECT_ROOT / "orchestration" / "dagster.yaml", _dagster_home(settings) / "dagster.yaml"
    copy.parent.mkdir(parents=True, exist_ok=True)
    if not copy.exists() or copy.read_bytes() != source.read_bytes():
        scratch = copy.with_name(f".{copy.name}.{os.getpid()}")
        shutil.copyfile(source, scratch)
        scratch.replace(copy)


def _dagster_home(settings: Settings) -> Path:
    return settings.data_dir / "dagster"


def _is_for_superset(name: str) -> bool:
    """Whether Superset needs a variable of the caller's: all else may hold a secret of somebody else's."""
    return name in _OF_ANY_PROCESS or name in _OF_SUPERSETS_MAIL or name.startswith(("OMNI_SUPERSET_", "LC_"))


def _clean_parent_environment() -> dict[str, str]:
    """`.env` and the caller's variables, without those that would slow or misdirect a child process."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    merged = dotenv_values(PROJECT_ROOT / ".env") | os.environ
    return {name: value for name, value in merged.items() if value is not None and name not in dropped}


def _free_ports(host: str, count: int) -> list[int]:
    """Ports that were free a moment ago, below the range from which systems give outgoing connections theirs: minutes
    may pass until a service binds its port, and none of the machine's own connections may have taken it by then."""
    found: list[int] = []
    for port in random.sample(_SERVICE_PORTS, len(_SERVICE_PORTS)):
        if len(found) == count:
            break
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one, contextlib.suppress(OSError):
            one.bind((host, port))
            found.append(port)
    return found
