"""What every benchmark stands on: a database and a sandbox gateway of its own run, stopped and removed at its end.

Belongs here: starting and stopping. Who plays on it, and what is measured, is the business of each benchmark.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.postgres.migrate import migrate
from connectors.postgres.server import ensure_database, stop_embedded
from connectors.settings import Settings


@dataclass(frozen=True)
class Ground:
    """A folder, the settings whose data folder lies in it, and the URL of their migrated database."""

    folder: Path
    settings: Settings
    url: str


@contextmanager
def own_ground(*, configured_server: bool = False) -> Iterator[Ground]:
    """An embedded Postgres in a temporary folder; with `configured_server`, OMNI_DATABASE_URL may name another."""
    with tempfile.TemporaryDirectory(prefix="omni-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # so that the server's own user may enter when the benchmark runs as root
        places = {} if configured_server else {"_env_file": None, "database_url": None}
        settings = Settings(data_dir=folder / "data", **places)
        url = ensure_database(settings)
        try:
            migrate(url, settings)
            yield Ground(folder, settings, url)
        finally:
            stop_embedded(settings)


@contextmanager
def own_gateway(folder: Path, *options: object) -> Iterator[str]:
    """The address of a gateway process that is started with these options of `omni sandbox serve`."""
    words = ["--data-dir", str(folder / "sandbox"), *map(str, options)]
    command = [sys.executable, "-m", "connectors.sandbox", "serve", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(20)
