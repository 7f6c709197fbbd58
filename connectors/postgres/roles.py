"""Who may do what: the roles of the warehouse and their privileges. Safe to repeat.

`loader` writes raw and ops. `transformer` reads raw and ops (never credentials and keys) and owns what dbt builds.
`bi_reader` logs in, reads marts and nothing else. `bi_operations`, `bi_manager` and `bi_shop_owner` log in and read
only the views that dbt puts before the marts for them (schemas `marts_operations`, …): no costs, or only own rows.
`superset_keeper` logs in and owns Superset's metadata, in the schema `superset`.
Roles belong to the whole server, privileges to one database.
Does not belong here: tables (see `migrations`), addresses (see `urls`), the views (dbt macro `fences`).
"""

from __future__ import annotations

import psycopg
from psycopg import sql
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.postgres.urls import BI_READER, FENCED_READERS, SUPERSET_KEEPER, bi_reader_url, superset_url
from connectors.sealed import SEALED
from connectors.secrets import local_secret, secret_path
from connectors.settings import Settings

LOADER, TRANSFORMER = "loader", "transformer"
RAW_SCHEMAS = ("raw_temu", "raw_files", "raw_mall")
LOADED_SCHEMAS = (*RAW_SCHEMAS, "ops")
BUILT_SCHEMAS = ("staging", "intermediate", "marts")
READERS = (BI_READER, *FENCED_READERS)
LOGINS = (*READERS, SUPERSET_KEEPER)
ROLES = (LOADER, TRANSFORMER, *LOGINS)
SCHEMA_OF_READER = {role: role.replace("bi_", "marts_", 1) for role in FENCED_READERS} | {BI_READER: "marts"}
FENCED_SCHEMAS = tuple(SCHEMA_OF_READER[role] for role in FENCED_READERS)
TOOL_SCHEMAS = ("dagster", "superset")
HIDDEN_FROM_TRANSFORMER = (*SEALED, "api_keys")
_READER_DEFAULTS = {"default_transaction_read_only": "on", "statement_timeout": "30s"}


def ensure_roles(connection: psycopg.Connection, url: str, settings: Settings) -> None:
    """Create what is missing of the roles, with the passwords of those who log in from the secrets folder.

    Raises ConfigurationError with the SQL for an administrator when the URL's user may not do that.
    """
    try:
        for role in _missing_roles(connection):
            _create_role(connection, role)
        for role in READERS:
            _limit_reader(connection, role)
            if not _can_log_in(bi_reader_url(url, settings, role)):
                _set_password(connection, role, local_secret(settings, BI_READER))
        if not _can_log_in(superset_url(url, settings)):
            _set_password(connection, SUPERSET_KEEPER, local_secret(settings, SUPERSET_KEEPER))
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            f"this database user may not prepare the roles {', '.join(ROLES)} ({error.diag.message_primary})",
            remedy="let an administrator of the server run:\n" + administrator_sql(settings),
        ) from None


def administrator_sql(settings: Settings) -> str:
    """What an administrator runs once when the URL's user lacks CREATEROLE; names the passwords' files only."""
    lines = [
        f"CREATE ROLE {LOADER} NOLOGIN;",
        f"CREATE ROLE {TRANSFORMER} NOLOGIN;",
        *(_login_sql(settings, role, BI_READER) for role in READERS),
        _login_sql(settings, SUPERSET_KEEPER, SUPERSET_KEEPER),
        *(f"ALTER ROLE {role} SET {name} = '{value}';" for role in READERS for name, value in _READER_DEFAULTS.items()),
        f"GRANT {LOADER}, {TRANSFORMER}, {SUPERSET_KEEPER} TO <the user in OMNI_DATABASE_URL>;",
    ]
    return "\n".join(lines)


def _login_sql(settings: Settings, role: str, secret: str) -> str:
    local_secret(settings, secret)  # so that the file is there
    password = f"<content of {secret_path(settings, secret)}>"
    return f"CREATE ROLE {role} LOGIN PASSWORD '{password}';  -- it exists? ALTER ROLE … PASSWORD"


def grant_privileges(connection: psycopg.Connection) -> None:
    """Give each role its privileges on everything that exists and, by default privileges, on what is created later."""
    for statement in _grants():
        connection.execute(statement)
    _grant_ops_to_transformer(connection)
    _hand_over_metadata(connection)
    for creator in _creators(connection):
        for statement in _default_privileges():
            connection.execute(sql.SQL("alter default privileges for role {} ").format(creator) + statement)


def _missing_roles(connection: psycopg.Connection) -> list[str]:
    found = connection.execute("select rolname from pg_roles where rolname = any(%s)", [[*ROLES]]).fetchall()
    return [role for role in ROLES if (role,) not in found]


def _create_role(connection: psycopg.Connection, role: str) -> None:
    kind = sql.SQL("login" if role in LOGINS else "nologin")
    connection.execute(sql.SQL("create role {} {}").format(sql.Identifier(role), kind))
    if role not in READERS and connection.pgconn.parameter_status(b"is_superuser") != b"on":
        # From Postgres 16 on the creator administers a role without being a member; default privileges need the latter.
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))


def _limit_reader(connection: psycopg.Connection, role: str) -> None:
    row = connection.execute("select coalesce(rolconfig, '{}') from pg_roles where rolname = %s", [role]).fetchone()
    present = set(row[0]) if row else set()
    for name, value in _READER_DEFAULTS.items():
        if f"{name}={value}" not in present:
            statement = sql.SQL("alter role {} set {} = {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Identifier(name), sql.Literal(value)))


def _can_log_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def _set_password(connection: psycopg.Connection, role: str, secret: SecretStr) -> None:
    # Only the verifier travels: a statement log on the server must not learn the password.
    verifier = connection.pgconn.encrypt_password(
        secret.get_secret_value().encode(), role.encode(), b"scram-sha-256"
    ).decode()
    statement = sql.SQL("alter role {} login password {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(verifier)))


def _grants() -> list[sql.SQL]:
    loaded, raw, built = ", ".join(LOADED_SCHEMAS), ", ".join(RAW_SCHEMAS), ", ".join(BUILT_SCHEMAS)
    statements = [
        f"grant usage on schema {loaded} to {LOADER}, {TRANSFORMER}",
        f"grant select, insert, update, delete, truncate on all tables in schema {loaded} to {LOADER}",
        f"grant select on all tables in schema {raw} to {TRANSFORMER}",
        f"grant usage, create on schema {built} to {TRANSFORMER}",
        f"grant select on all tables in schema {built} to {TRANSFORMER}",
        f"grant usage, create on schema {', '.join(FENCED_SCHEMAS)} to {TRANSFORMER}",
        f"grant usage, create on schema superset to {SUPERSET_KEEPER}",
        *(f"grant usage on schema {schema} to {role}" for role, schema in SCHEMA_OF_READER.items()),
        *(f"grant select on all tables in schema {schema} to {role}" for role, schema in SCHEMA_OF_READER.items()),
    ]
    return [sql.SQL(statement) for statement in statements]


def _grant_ops_to_transformer(connection: psycopg.Connection) -> None:
    tables = [name for (name,) in connection.execute("select tablename from pg_tables where schemaname = 'ops'")]
    for table in tables:  # what is hidden now may have been granted before
        hide = table in HIDDEN_FROM_TRANSFORMER
        statement = sql.SQL("revoke all on ops.{} from {}" if hide else "grant select on ops.{} to {}")
        connection.execute(statement.format(sql.Identifier(table), sql.Identifier(TRANSFORMER)))


def _hand_over_metadata(connection: psycopg.Connection) -> None:
    """Give the keeper what Superset made as somebody else; sequences of a column follow their table."""
    query = """
        select case relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end, relname
        from pg_class c
        where relnamespace = 'superset'::regnamespace and relkind in ('r', 'p', 'v', 'S')
            and relowner <> %(keeper)s::regrole
            and not (relkind = 'S' and exists (select from pg_depend where objid = c.oid and deptype in ('a', 'i')))
        union all
        select 'type', typname from pg_type
        where typnamespace = 'superset'::regnamespace and typtype = 'e' and typowner <> %(keeper)s::regrole
    """
    for kind, name in connection.execute(query, {"keeper": SUPERSET_KEEPER}).fetchall():
        statement = sql.SQL("alter {} {} owner to {}")
        owned, keeper = sql.Identifier("superset", name), sql.Identifier(SUPERSET_KEEPER)
        connection.execute(statement.format(sql.SQL(kind), owned, keeper))


def _creators(connection: psycopg.Connection) -> list[sql.Composable]:
    """Whose later tables the default privileges cover: the URL's user, as whom dbt runs, and transformer itself."""
    row = connection.execute("select pg_has_role(current_user, %s, 'usage')", [TRANSFORMER]).fetchone()
    member = row is not None and row[0]
    return [sql.SQL("current_user"), *([sql.Identifier(TRANSFORMER)] if member else [])]


def _default_privileges() -> list[sql.SQL]:
    statements = [
        *(f"in schema {name} grant select on tables to {TRANSFORMER}" for name in (*RAW_SCHEMAS, *BUILT_SCHEMAS)),
        *(
            f"in schema {name} grant select, insert, update, delete, truncate on tables to {LOADER}"
            for name in LOADED_SCHEMAS
        ),
        *(f"in schema {schema} grant select on tables to {role}" for role, schema in SCHEMA_OF_READER.items()),
    ]
    return [sql.SQL(statement) for statement in statements]
