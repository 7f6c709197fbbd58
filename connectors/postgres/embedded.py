"""The life of the embedded server: make its data folder, start it, find it again after a crash, stop it.

Belongs here: everything that touches the postmaster. The caller holds the start lock (see `server`). Does not belong
here: where the files are (`place`), as whom it runs (`account`), which programs (`binaries`).

Crash safety: nothing is turned off (fsync, full_page_writes, synchronous_commit stay on), so a kill -9 of the server
or of omni costs a recovery at the next start and no committed row.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from connectors.errors import ConfigurationError
from connectors.postgres.account import free_bytes
from connectors.postgres.binaries import Binaries
from connectors.postgres.place import Place

NEEDED_BYTES = 300 * 1024**2
_START_SECONDS = 120.0
_STOP_SECONDS = 30.0
_QUIT_SECONDS = 5.0
_POLL_SECONDS = 0.03
_PORT_ATTEMPTS = 3
_LOG_LINES = 8
_PORT_REMEDY = "choose another OMNI_POSTGRES_PORT, or 0 for a free one"

# No statement text in the log: a failing statement may hold a payload or a credential.
_CONFIGURATION = """\
# Written by omni at every start. ALTER SYSTEM overrides it.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 120
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
log_checkpoints = off
log_min_error_statement = panic
shared_buffers = {buffers}MB
effective_cache_size = {cache}MB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
jit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 1GB
checkpoint_timeout = 15min
"""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says."""

    pid: int
    port: int


def read_postmaster(place: Place) -> Postmaster | None:
    """The pid file's content, which may be left over from a crash; None without a complete one."""
    try:
        lines = (place.cluster / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), int(lines[3]))
    except (FileNotFoundError, IndexError, ValueError):
        return None


def is_alive(pid: int, place: Place) -> bool:
    """Whether this process is a server on this data folder; a reused pid or a zombie is not."""
    return any(process.pid == pid for process in _processes(place))


def make_cluster(place: Place, binaries: Binaries, user: str, password: str) -> None:
    """initdb into a scratch folder, renamed when complete. Raises ConfigurationError with what initdb said."""
    check_space(place.home)
    scratch, password_file = place.home / "cluster.new", place.home / "password.new"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    place.account.own(scratch)
    password_file.touch(mode=0o600)
    password_file.write_text(password + "\n")
    place.account.own(password_file)
    try:
        _initdb(place, binaries, scratch, user, password_file)
    finally:
        password_file.unlink()
    with (scratch / "postgresql.conf").open("a") as file:
        file.write("include_if_exists = 'omni.conf'\n")
    scratch.rename(place.cluster)


def start(place: Place, binaries: Binaries, port: int) -> Postmaster:
    """Start the server detached, on `port`, else (0 or taken before) on a free one that later starts keep.

    Raises ConfigurationError with the server's last log lines when it does not come up.
    """
    check_space(place.home)
    clear_remains(place)
    _configure(place)
    tried = _choose_port(place, port)
    for _ in range(_PORT_ATTEMPTS):
        pid = _spawn(place, binaries, tried)
        if await_ready(place, pid, tried):
            (place.state / "port").write_text(f"{tried}\n")
            return Postmaster(pid, tried)
        if port or not any("could not bind" in line for line in log_tail(place)):
            break
        tried = _free_port()  # somebody was faster
    raise failure(place, f"the embedded Postgres did not start on port {tried}", log_tail(place))


def await_ready(place: Place, pid: int, port: int) -> bool:
    """Wait until the server answers (it may have to recover first); False when it died instead."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if answers(port):
            return True
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return False
        time.sleep(_POLL_SECONDS)
    raise failure(place, f"the embedded Postgres (process {pid}) does not answer on port {port}", log_tail(place))


def answers(port: int) -> bool:
    """Whether a Postgres on this port is past its start-up; needs no password."""
    return psycopg.pq.PGconn.ping(f"host=127.0.0.1 port={port} connect_timeout=5".encode()) == psycopg.pq.Ping.OK


def stop(place: Place, postmaster: Postmaster) -> None:
    """End the server: running transactions are rolled back, then it writes a checkpoint and leaves."""
    os.kill(postmaster.pid, signal.SIGINT)
    if not _ends(place, _STOP_SECONDS):
        os.kill(postmaster.pid, signal.SIGQUIT)
        _ends(place, _QUIT_SECONDS)


def clear_remains(place: Place) -> None:
    """After a crash: end backends that outlived their postmaster, then remove the pid file that names nobody."""
    for how in (signal.SIGQUIT, signal.SIGKILL):
        for orphan in _processes(place):
            with contextlib.suppress(psutil.NoSuchProcess):  # gone by itself meanwhile
                orphan.send_signal(how)
        if _ends(place, _QUIT_SECONDS):
            break
    # Its pid may meanwhile belong to another program, and Postgres would then refuse to start.
    (place.cluster / "postmaster.pid").unlink(missing_ok=True)


def check_space(folder: Path) -> None:
    """ConfigurationError when the disk has too little room for Postgres to start and recover."""
    free = free_bytes(folder)
    if free < NEEDED_BYTES:
        raise ConfigurationError(
            f"only {free // 1024**2} MB are free on the disk of {folder}; Postgres needs {NEEDED_BYTES // 1024**2}",
            remedy="free some space, or set OMNI_DATA_DIR to a folder on a larger disk; nothing was lost",
        )


def log_path(place: Place) -> Path:
    """The server's log since its last start."""
    return place.state / "server.log"


def log_tail(place: Place) -> list[str]:
    """The last lines of the server's log; empty when there is none."""
    path = log_path(place)
    return path.read_text(errors="replace").splitlines()[-_LOG_LINES:] if path.exists() else []


def failure(place: Place, what: str, lines: list[str]) -> ConfigurationError:
    """An error with the program's last words, and a remedy that fits them."""
    said = "\n".join(f"    {line}" for line in lines) or "    (it said nothing)"
    text = said.lower()
    if "no space left" in text or "could not resize shared memory" in text:
        remedy = "free space on the disk (or in /dev/shm), or set OMNI_DATA_DIR to a larger disk"
    elif "could not bind" in text:
        remedy = _PORT_REMEDY
    else:
        remedy = f"see {log_path(place)}; set OMNI_DATABASE_URL to use a server of your own"
    return ConfigurationError(f"{what}; its last lines:\n{said}\n", remedy=remedy)


def _initdb(place: Place, binaries: Binaries, scratch: Path, user: str, password_file: Path) -> None:
    command = [str(binaries.folder / "initdb"), "-D", str(scratch), "-U", user, f"--pwfile={password_file}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
    if binaries.major >= 17:  # byte order like C, but lower() and upper() know every alphabet
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        command, cwd="/", env=_environment(place), capture_output=True, text=True, check=False, **place.account.run_as
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()[-_LOG_LINES:]
        raise failure(place, f"the database could not be created in {place.home}", lines)


def _configure(place: Place) -> None:
    memory = psutil.virtual_memory().total // 1024**2
    path = place.cluster / "omni.conf"
    path.write_text(_CONFIGURATION.format(buffers=min(max(memory // 32, 32), 256), cache=max(memory // 4, 128)))
    place.account.own(path)


def _spawn(place: Place, binaries: Binaries, port: int) -> int:
    """Start the postmaster as a grandchild, so that it neither ends with us nor stays our zombie; its pid.

    It inherits a lock that lasts while any of its processes lives: a second server on the same data folder is
    refused even where the first one's processes cannot be seen, as between two containers.
    """
    command = [str(binaries.folder / "postgres"), "-D", str(place.cluster), "-p", str(port)]
    detach = ["/bin/sh", "-c", '"$@" </dev/null >&2 & echo $!', "sh", *command]
    with log_path(place).open("w") as log, (place.state / "running.lock").open("a") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _in_use_elsewhere(place) from None
        done = subprocess.run(
            detach, cwd="/", env=_environment(place), stdout=subprocess.PIPE, stderr=log, text=True, check=True,
            start_new_session=True, umask=0o077, pass_fds=[guard.fileno()], **place.account.run_as,
        )  # fmt: skip
    return int(done.stdout)


def _in_use_elsewhere(place: Place) -> ConfigurationError:
    return ConfigurationError(
        f"the database in {place.home} is in use by a server that this process cannot see",
        remedy="stop omni in the other container or of the other user first, or set OMNI_DATA_DIR to another folder",
    )


def _environment(place: Place) -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(place.home)}


def _ends(place: Place, seconds: float) -> bool:
    """Wait until no process works in the data folder any more; False when some still does."""
    deadline = time.monotonic() + seconds
    while _processes(place):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _processes(place: Place) -> list[psutil.Process]:
    """Every server process of this data folder: Postgres makes it the current folder of all its processes."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres" and process.cwd() == str(place.cluster):
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    return found


def _choose_port(place: Place, wanted: int) -> int:
    """The configured port, else the one of the last start, so that URLs handed out before a crash stay true."""
    if wanted:
        if not _is_free(wanted):
            raise ConfigurationError(f"port {wanted} for the embedded Postgres is taken", remedy=_PORT_REMEDY)
        return wanted
    kept = place.state / "port"
    last = kept.read_text().strip() if kept.exists() else ""
    return int(last) if last.isdecimal() and _is_free(int(last)) else _free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closed connections may linger, listeners not
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
