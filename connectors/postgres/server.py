"""The database that these settings mean: the configured server, else an embedded one that many processes share.

Belongs here: the questions `ensure_database`, `running_url`, `stop_embedded`, `status`. Tables and roles come from
`migrate`. The embedded server is an ordinary Postgres on loopback below `<data_dir>/postgres`; it outlives the process
that started it, and whoever asks first after a crash starts it again on the same port.
"""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from connectors.errors import ConfigurationError, TransientError, first_line
from connectors.postgres import embedded
from connectors.postgres.account import free_bytes
from connectors.postgres.binaries import OLDEST_MAJOR, find_binaries
from connectors.postgres.place import Place, find_place, reachable, set_aside, settle
from connectors.postgres.urls import build_url, libpq_url, without_password
from connectors.secrets import local_secret, secret_path
from connectors.settings import Settings

DATABASE = "omni"
_SUPERUSER = "omni"
_SECRET = "postgres_superuser"  # noqa: S105 - the name of the file, not what is in it
_LOCK_SECONDS = 180.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """What `omni status` shows. `url` has no password; `folder` and what follows exist for the embedded server only."""

    kind: str
    running: bool
    url: str | None
    version: str | None
    folder: Path | None = None
    pid: int | None = None
    runs_as: str | None = None
    free_bytes: int | None = None
    note: str = ""

    def __str__(self) -> str:
        state = f"Postgres {self.version} at {self.url}" if self.running else "not running"
        where = f", {self.kind}" + (f" in {self.folder}" if self.folder else "")
        return state + where + (f" ({self.note})" if self.note else "")


def ensure_database(settings: Settings) -> str:
    """The libpq URL of a database that answers; starts or joins the embedded server when none is configured.

    Raises ConfigurationError (server unreachable or too old, disk full, no programs, start failed) with a remedy.
    """
    if settings.database_url is not None:
        url = libpq_url(settings.database_url.get_secret_value())
        _check_configured(url)
        return url
    place = find_place(settings)
    try:
        return _live_url(settings, place) or _start_locked(settings, place)
    except OSError as error:
        raise ConfigurationError(
            f"the embedded Postgres in {place.home} cannot be used: {error}",
            remedy="run omni as the user who owns the data folder, or set OMNI_DATA_DIR to a writable one",
        ) from error


def stop_embedded(settings: Settings) -> bool:
    """Stop the embedded server for every process; False when it did not run."""
    place = find_place(settings)
    if not place.cluster.exists():
        return False
    with _start_lock(place):
        postmaster = embedded.read_postmaster(place)
        if postmaster is None or not embedded.is_alive(postmaster.pid, place):
            return False
        embedded.stop(place, postmaster)
    return True


def running_url(settings: Settings) -> str | None:
    """The libpq URL of the database, without starting anything; None when it does not answer."""
    if settings.database_url is None:
        return _live_url(settings, find_place(settings))
    url = libpq_url(settings.database_url.get_secret_value())
    return url if _version(url) else None


def status(settings: Settings) -> DatabaseStatus:
    """How the database is, without starting anything."""
    if settings.database_url is not None:
        url = libpq_url(settings.database_url.get_secret_value())
        version = _version(url)
        return DatabaseStatus("configured", version is not None, without_password(url), version)
    place = find_place(settings)
    live = _live_url(settings, place)
    postmaster = embedded.read_postmaster(place) if live else None
    return DatabaseStatus(
        kind="embedded",
        running=live is not None,
        url=without_password(live) if live else None,
        version=_version(live) if live else None,
        folder=place.home,
        pid=postmaster.pid if postmaster else None,
        runs_as=place.account.name,
        free_bytes=free_bytes(place.home),
        note=place.note,
    )


def _start_locked(settings: Settings, place: Place) -> str:
    place = settle(place)
    with _start_lock(place):
        if _is_forsaken(settings, place):
            place = _begin_anew(settings, place)
        postmaster = embedded.read_postmaster(place)
        if postmaster and embedded.is_alive(postmaster.pid, place):
            embedded.await_ready(place, postmaster.pid, postmaster.port)
        else:
            postmaster = _start(settings, place)
        url = _url(settings, postmaster.port)
        _ensure_database_exists(url, place)
    return url


def _is_forsaken(settings: Settings, place: Place) -> bool:
    """Whether the data folder was deleted while its database lived elsewhere: no password, no port, but data."""
    known = secret_path(settings, _SECRET).exists() or (place.state / "port").exists()
    return place.home != place.state and place.cluster.exists() and not known


def _begin_anew(settings: Settings, place: Place) -> Place:
    embedded.clear_remains(place)
    _log.warning("the data folder was deleted; its former database is in %s now", set_aside(place))
    return settle(find_place(settings))


def _start(settings: Settings, place: Place) -> embedded.Postmaster:
    version_file = place.cluster / "PG_VERSION"
    major = int(version_file.read_text()) if version_file.exists() else None
    binaries = reachable(find_binaries(settings, major), place)
    if major is None:
        embedded.make_cluster(place, binaries, _SUPERUSER, local_secret(settings, _SECRET).get_secret_value())
    postmaster = embedded.start(place, binaries, settings.postgres_port)
    _log.info("embedded Postgres %s started on port %d in %s", binaries.version, postmaster.port, place.home)
    if place.note:
        _log.warning("embedded Postgres: %s", place.note)
    return postmaster


def _live_url(settings: Settings, place: Place) -> str | None:
    """The URL when the server answers with our password; None when it has to be started, or waited for."""
    postmaster = embedded.read_postmaster(place)
    if postmaster is None or not secret_path(settings, _SECRET).exists():
        return None
    url = _url(settings, postmaster.port)
    return url if _version(url) else None


def _url(settings: Settings, port: int) -> str:
    password = local_secret(settings, _SECRET).get_secret_value()
    return build_url(user=_SUPERUSER, password=password, host="127.0.0.1", port=port, database=DATABASE)


def _ensure_database_exists(url: str, place: Place) -> None:
    maintenance = url.removesuffix(DATABASE) + "postgres"
    try:
        with psycopg.connect(maintenance, autocommit=True, connect_timeout=10) as connection:
            if connection.execute("select from pg_database where datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    except psycopg.OperationalError as error:
        raise ConfigurationError(
            f"the embedded Postgres in {place.home} runs but does not let us in: {first_line(error)}",
            remedy=f"restore secrets/{_SECRET} in the data folder, or move the data folder away and load again",
        ) from None


def _check_configured(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        raise ConfigurationError(
            f"no connection to {without_password(url)} (OMNI_DATABASE_URL): {first_line(error)}",
            remedy="check host, port, user, password and database; unset OMNI_DATABASE_URL for the embedded server",
        ) from None
    if version < OLDEST_MAJOR * 10000:
        raise ConfigurationError(
            f"{without_password(url)} is Postgres {version // 10000}", remedy=f"use version {OLDEST_MAJOR} or newer"
        )


def _version(url: str) -> str | None:
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.info.parameter_status("server_version")
    except psycopg.Error:
        return None


@contextmanager
def _start_lock(place: Place) -> Iterator[None]:
    """One process at a time makes, starts or stops the server; the lock ends with the process that holds it."""
    deadline = time.monotonic() + _LOCK_SECONDS
    with (place.state / "start.lock").open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TransientError(f"another process has kept {file.name} for {_LOCK_SECONDS:.0f} s") from None
                time.sleep(0.05)
        yield
