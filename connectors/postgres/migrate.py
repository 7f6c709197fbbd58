"""Brings any Postgres database to the shape this version of omni needs, and tells what lies in it.

`migrate` is safe to repeat and safe to call from several processes at once. Schemas and roles are ensured here,
tables by the Alembic revisions in `migrations/versions`. Does not belong here: starting a server (see `server`).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql

from connectors.errors import ConfigurationError, TransientError, first_line
from connectors.postgres import roles
from connectors.postgres.urls import libpq_url, without_password
from connectors.settings import Settings

SCHEMAS = (*roles.LOADED_SCHEMAS, *roles.BUILT_SCHEMAS, *roles.FENCED_SCHEMAS, *roles.TOOL_SCHEMAS)
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6F6D6E69  # "omni"
_LOCK_WAIT = "120s"
_ATTEMPTS = 8
_alembic_at_work = threading.Lock()  # its context is one per process


def migrate(url: str, settings: Settings) -> None:
    """Create or update every schema, role, table and privilege in the database that `url` names.

    Raises ConfigurationError when the URL's user lacks a privilege (the message holds the SQL that grants it),
    TransientError when another process keeps migrating for two minutes.
    """
    url = libpq_url(url)
    with _locked(url) as connection:
        try:
            _ensure_schemas(connection)
            _ensure_utc(connection)
            _again_if_concurrent(connection, lambda: roles.ensure_roles(connection, url, settings))
            _upgrade(url)
            _again_if_concurrent(connection, lambda: roles.grant_privileges(connection))
        except psycopg.errors.InsufficientPrivilege as error:
            raise _lacking(connection, url, error) from None


def pending(url: str) -> bool:
    """True when `migrate` has something to do to the tables of this database."""
    with _connected(libpq_url(url)) as connection:
        row = connection.execute("select to_regclass('ops.alembic_version')").fetchone()
        if row is None or row[0] is None:
            return True
        versions = connection.execute("select version_num from ops.alembic_version").fetchall()
    return [version for (version,) in versions] != ScriptDirectory.from_config(_config()).get_heads()


def table_counts(url: str, schema: str) -> dict[str, int]:
    """Exact number of rows of every table (not view) in `schema`, by table name. Unknown schema: empty."""
    with _connected(libpq_url(url)) as connection:
        query = "select tablename from pg_tables where schemaname = %s order by tablename"
        tables = [name for (name,) in connection.execute(query, [schema]).fetchall()]
        return {table: _count(connection, schema, table) for table in tables}


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise ConfigurationError(
            f"no connection to {without_password(url)}: {first_line(error)}",
            remedy="check OMNI_DATABASE_URL and that the server runs",
        ) from None
    with connection:
        yield connection


@contextmanager
def _locked(url: str) -> Iterator[psycopg.Connection]:
    """A connection that alone may migrate this database; the lock ends with it, however the process ends."""
    with _connected(url) as connection:
        connection.execute(f"set lock_timeout = '{_LOCK_WAIT}'")
        try:
            connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        except psycopg.errors.LockNotAvailable:
            raise TransientError(
                f"another process has been migrating {without_password(url)} for {_LOCK_WAIT}"
            ) from None
        yield connection


def _ensure_schemas(connection: psycopg.Connection) -> None:
    # "if not exists" alone demands the privilege to create even where nothing is to be created.
    found = {name for (name,) in connection.execute("select nspname from pg_namespace").fetchall()}
    for schema in SCHEMAS:
        if schema not in found:
            connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))


def _ensure_utc(connection: psycopg.Connection) -> None:
    """Sessions see UTC unless they ask for something else; a guest on a shared server sets it for itself only."""
    row = connection.execute(
        "select current_database(), pg_has_role(datdba, 'usage'), current_setting('TimeZone') "
        "from pg_database where datname = current_database()"
    ).fetchone()
    if row is None or row[2] == "UTC":
        return
    whom = sql.SQL("database {}" if row[1] else "role current_user in database {}").format(sql.Identifier(row[0]))
    connection.execute(sql.SQL("alter {} set timezone to 'UTC'").format(whom))


def _upgrade(url: str) -> None:
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=sqlalchemy.NullPool
    )
    with _alembic_at_work, engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except sqlalchemy.exc.ProgrammingError as error:
            if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
                raise error.orig from None
            raise


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _again_if_concurrent(connection: psycopg.Connection, step: Callable[[], None]) -> None:
    """Run `step` in a transaction, again when another database of the same server changed the shared roles meanwhile.

    Advisory locks end at the database, roles do not; Postgres reports the collision in three ways.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with connection.transaction():
                step()
            return
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation, psycopg.errors.InternalError_):
            if attempt == _ATTEMPTS:
                raise
            time.sleep(random.uniform(0.02, 0.1))  # noqa: S311 - spreads rivals, guards nothing


def _count(connection: psycopg.Connection, schema: str, table: str) -> int:
    row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))).fetchone()
    return int(row[0]) if row else 0


def _lacking(connection: psycopg.Connection, url: str, error: psycopg.Error) -> ConfigurationError:
    database, user = connection.info.dbname, connection.info.user
    return ConfigurationError(
        f"the user {user} may not set up {without_password(url)}: {error.diag.message_primary}",
        remedy=f'let an administrator run: GRANT CREATE ON DATABASE "{database}" TO "{user}"; or make {user} its owner',
    )
