"""Which operating-system user the embedded server runs as, and what that user can reach.

Postgres refuses to run as root. Root therefore hands over to the owner of an existing data folder, else to `postgres`,
else to `nobody`; no user is created and no folder that omni did not make changes its mode. Anyone else runs the server
as themselves.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from connectors.errors import ConfigurationError

_UNPRIVILEGED = ("postgres", "nobody")
_MODES = {"-x": os.X_OK, "-r": os.R_OK, "-w": os.W_OK}


class RunAs(TypedDict, total=False):
    """Arguments of `subprocess.run` that change the user; empty for ordinary users."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The user who runs the server; `is_other` when that is not the present user."""

    name: str
    uid: int
    gid: int
    is_other: bool

    @property
    def run_as(self) -> RunAs:
        """How to start a program as this user."""
        return RunAs(user=self.uid, group=self.gid, extra_groups=[]) if self.is_other else RunAs()

    def can(self, test: str, path: Path) -> bool:
        """Whether this user passes the shell test (`-x`, `-r`, `-w`) on `path`, asked of the system itself."""
        if not self.is_other:
            return os.access(path, _MODES[test])
        question = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        return subprocess.run(question, cwd="/", check=False, **self.run_as).returncode == 0

    def own(self, path: Path) -> None:
        """Give `path` and all below it to this user."""
        if not self.is_other:
            return
        os.chown(path, self.uid, self.gid)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(folder) / name, self.uid, self.gid, follow_symlinks=False)


def server_account(cluster: Path) -> Account:
    """The user for the data folder `cluster`, which need not exist yet. ConfigurationError when root finds none."""
    if os.geteuid() != 0:
        return Account(_name(os.geteuid()), os.geteuid(), os.getegid(), is_other=False)
    if cluster.exists() and cluster.stat().st_uid != 0:
        owner = cluster.stat()
        return Account(_name(owner.st_uid), owner.st_uid, owner.st_gid, is_other=True)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, is_other=True)
    raise ConfigurationError(
        "Postgres does not run as root, and neither user postgres nor nobody exists",
        remedy="run omni as an ordinary user, or set OMNI_DATABASE_URL",
    )


def free_bytes(folder: Path) -> int:
    """Free space for ordinary users on the disk of `folder` or its nearest existing parent."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
