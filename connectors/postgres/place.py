"""Where the embedded server keeps its files.

`state` is always `<data_dir>/postgres`: locks, the kept port. `home` holds the data folder `cluster`: the same folder,
unless omni runs as root and the server's user cannot enter it (a 0700 parent, as `mktemp -d` makes); then a 0700
folder below /var/tmp. Programs that the user cannot reach are copied into `home`.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import ConfigurationError
from connectors.postgres.account import Account, server_account
from connectors.postgres.binaries import Binaries
from connectors.settings import Settings

REACHABLE_PARENT = Path("/var/tmp")  # noqa: S108 - checked for its owner before use


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one embedded server and the user who owns them."""

    state: Path
    home: Path
    account: Account

    @property
    def cluster(self) -> Path:
        """Postgres' data folder."""
        return self.home / "cluster"

    @property
    def note(self) -> str:
        """Why the data are elsewhere than in the data folder; empty when they are not."""
        if self.home == self.state:
            return ""
        return (
            f"the data are in {self.home}, because the user {self.account.name} cannot enter {self.state}; "
            "to keep them in the data folder, move it below folders that everybody may enter"
        )


def find_place(settings: Settings) -> Place:
    """Where the server of these settings lives or, before its first start, would live in the data folder."""
    state = settings.data_dir.expanduser().resolve() / "postgres"
    elsewhere = _elsewhere(state)
    if not (state / "cluster").exists() and (elsewhere / "cluster").exists():
        place = Place(state, elsewhere, server_account(elsewhere / "cluster"))
        _refuse_strangers(place)
        return place
    return Place(state, state, server_account(state / "cluster"))


def settle(place: Place) -> Place:
    """Make the folders, and move `home` where the server's user can enter. Raises ConfigurationError when none is."""
    _make_state(place)
    if place.account.can("-x", place.home):
        return place
    if place.cluster.exists():
        raise ConfigurationError(
            f"the database in {place.cluster} cannot be reached by its owner {place.account.name} any more",
            remedy=f"let others enter the folders above it (chmod o+x), from {place.state.parent} upwards",
        )
    moved = Place(place.state, _elsewhere(place.state), place.account)
    moved.home.mkdir(mode=0o700, exist_ok=True)
    if moved.home.stat().st_uid == 0 and not any(moved.home.iterdir()):
        moved.account.own(moved.home)
    _refuse_strangers(moved)
    return moved


def set_aside(place: Place) -> Path:
    """Move `home` out of the way, replacing what was moved before; where it is now. Its server must be stopped."""
    aside = place.home.with_name(f"{place.home.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    return place.home.rename(aside)


def reachable(binaries: Binaries, place: Place) -> Binaries:
    """The same programs, copied into `home` when the server's user cannot run them where they are."""
    if place.account.can("-x", binaries.folder / "postgres") and place.account.can("-r", binaries.folder / "initdb"):
        return binaries
    root = binaries.folder.parent
    copies = place.home / f"binaries-{binaries.version}"
    if not copies.exists():
        scratch = place.home / f"{copies.name}.new"
        shutil.rmtree(scratch, ignore_errors=True)
        _copy(root, scratch / root.parent.name / root.name)
        for libraries in root.parent.parent.glob(f"{root.parent.name}.libs"):
            _copy(libraries, scratch / libraries.name)
        place.account.own(scratch)
        scratch.rename(copies)
    return Binaries(copies / root.parent.name / root.name / "bin", binaries.version, binaries.origin)


def _elsewhere(state: Path) -> Path:
    return REACHABLE_PARENT / f"temu-omni-{hashlib.sha256(str(state).encode()).hexdigest()[:12]}"


def _make_state(place: Place) -> None:
    for folder in (place.state.parent, place.state):
        if not folder.exists():
            folder.mkdir(parents=True)
            if place.account.is_other:  # a strict umask would shut the server's user out of what we just made
                folder.chmod(0o711)


def _refuse_strangers(place: Place) -> None:
    """Everybody may write below /var/tmp: take only a real folder of the server's user, closed to all others."""
    found = place.home.lstat()
    if place.home.is_symlink() or found.st_uid != place.account.uid or found.st_uid == 0 or found.st_mode & 0o077:
        raise ConfigurationError(
            f"{place.home} is needed for the database but belongs to someone else or is open to others",
            remedy="remove it after a look inside, or set OMNI_DATA_DIR to a folder that everybody can reach",
        )


def _copy(source: Path, target: Path) -> None:
    """Copy programs, leaving out what only compilers need; readable whatever umask they were installed with."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
