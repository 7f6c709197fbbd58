"""Who may do what. Every test connects as the role it speaks about."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from connectors.errors import ConfigurationError
from connectors.postgres.migrate import migrate
from connectors.postgres.roles import ROLES, administrator_sql
from connectors.postgres.server import ensure_database, stop_embedded
from connectors.postgres.urls import FENCED_READERS, SUPERSET_KEEPER, bi_reader_url, build_url, superset_url
from connectors.sealed import SEALED
from connectors.secrets import local_secret
from connectors.settings import Settings

SECRETS = ("bi_reader", SUPERSET_KEEPER)
Denied = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def owner(database_url) -> Iterator[psycopg.Connection]:
    """The URL's user, as whom the loader and dbt work."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def bi_reader(database_url, settings) -> Iterator[psycopg.Connection]:
    """bi_reader, logged in as Superset does."""
    with psycopg.connect(bi_reader_url(database_url, settings), autocommit=True) as connection:
        yield connection


@pytest.fixture
def as_role(owner):
    """Turns the owner's connection into one of a group role."""

    def become(role: str) -> psycopg.Connection:
        owner.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        return owner

    return become


def test_bi_reader_reads_a_mart_that_was_built_after_the_migration(owner, bi_reader):
    owner.execute("create table marts.mart_gmv_daily as select 1 as gmv")
    owner.execute("create view marts.latest as select * from marts.mart_gmv_daily")
    assert bi_reader.execute("select gmv from marts.mart_gmv_daily").fetchall() == [(1,)]
    assert bi_reader.execute("select gmv from marts.latest").fetchall() == [(1,)]


@pytest.mark.parametrize("table", ["raw_temu.orders", "raw_files.product_costs", "ops.shops", "staging.s", "dagster.d"])
def test_bi_reader_reads_nothing_but_marts(owner, bi_reader, table):
    owner.execute(f"create table if not exists {table} (id int)")
    with pytest.raises(Denied):
        bi_reader.execute(f"select from {table}")


@pytest.mark.parametrize(
    "statement",
    ["insert into marts.m values (2)", "delete from marts.m", "drop table marts.m", "create table marts.x (id int)"],
)
def test_bi_reader_writes_nothing_even_when_it_leaves_read_only_mode(owner, bi_reader, statement):
    owner.execute("create table marts.m as select 1 as id")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        bi_reader.execute(statement)
    bi_reader.execute("set default_transaction_read_only = off")
    with pytest.raises(Denied):
        bi_reader.execute(statement)


def test_bi_reader_may_not_ask_for_longer_than_half_a_minute(bi_reader):
    assert bi_reader.execute("show statement_timeout").fetchone() == ("30s",)


@pytest.mark.parametrize("role", FENCED_READERS)
def test_a_fenced_reader_reads_its_own_views_and_neither_marts_nor_anything_else(owner, database_url, settings, role):
    own = role.replace("bi_", "marts_")
    owner.execute("create table marts.m as select 1 as unit_cost_cny, 2 as id")
    owner.execute(f"create view {own}.m as select id from marts.m")
    others = {f"marts_{name}" for name in ("operations", "manager", "shop_owner")} - {own}
    with psycopg.connect(bi_reader_url(database_url, settings, role), autocommit=True) as reader:
        assert reader.execute(f"select * from {own}.m").fetchall() == [(2,)]
        for table in ("marts.m", "ops.shops", "ops.bi_scopes", *(f"{schema}.m" for schema in others)):
            owner.execute(f"create table if not exists {table} as select 1 as id")
            with pytest.raises(Denied):
                reader.execute(f"select from {table}")


def test_the_keeper_of_supersets_metadata_makes_and_changes_its_own_tables_and_sees_nothing_else(
    owner, database_url, settings
):
    with psycopg.connect(superset_url(database_url, settings), autocommit=True) as keeper:
        keeper.execute("create table slices (id int)")
        assert keeper.execute("select from superset.slices").fetchall() == []
        for table in ("marts.m", "ops.shop_credentials", "raw_temu.orders", "dagster.runs"):
            owner.execute(f"create table if not exists {table} as select 1 as id")
            with pytest.raises(Denied):
                keeper.execute(f"select from {table}")


def test_metadata_that_another_user_made_belongs_to_the_keeper_after_a_migration(owner, database_url, settings):
    owner.execute("create type superset.kind as enum ('a')")
    owner.execute("create sequence superset.numbers")
    owner.execute("create table superset.logs (id serial primary key, kind superset.kind)")
    owner.execute("create view superset.glance as select id from superset.logs")
    migrate(database_url, settings)
    with psycopg.connect(superset_url(database_url, settings), autocommit=True) as keeper:
        keeper.execute("alter type kind add value 'b'")
        keeper.execute("alter table logs add column said text")
        keeper.execute("insert into logs (id) values (nextval('numbers'))")
        keeper.execute("drop view glance")
        keeper.execute("drop table logs")
        keeper.execute("drop sequence numbers")


def test_transformer_reads_what_was_loaded_and_changes_nothing_of_it(as_role):
    transformer = as_role("transformer")
    for table in ("raw_temu.orders", "raw_files.fx_rates", "ops.shops", "ops.sync_tasks", "ops.dead_letters"):
        transformer.execute(f"select from {table}")
    with pytest.raises(Denied):
        transformer.execute("delete from raw_temu.orders")


@pytest.mark.parametrize("table", ["shop_credentials", "shop_gateways", "alert_recipients", "api_keys"])
def test_transformer_reads_no_secrets_even_where_it_once_could(owner, database_url, settings, as_role, table):
    assert set(SEALED) < {"shop_credentials", "shop_gateways", "alert_recipients", "api_keys"}
    owner.execute(sql.SQL("grant select on ops.{} to transformer").format(sql.Identifier(table)))
    migrate(database_url, settings)
    with pytest.raises(Denied):
        as_role("transformer").execute(sql.SQL("select from ops.{}").format(sql.Identifier(table)))


def test_what_transformer_builds_in_marts_is_readable_too(as_role, bi_reader):
    transformer = as_role("transformer")
    for schema in ("staging", "intermediate", "marts"):
        transformer.execute(f"create table {schema}.built as select 7 as id")
    assert bi_reader.execute("select id from marts.built").fetchall() == [(7,)]


def test_loader_writes_raw_and_bookkeeping_but_builds_nothing(as_role):
    loader = as_role("loader")
    loader.execute("insert into ops.app_quota (app_key) values ('key')")
    loader.execute("truncate raw_temu.orders")
    loader.execute("select from ops.shop_credentials")
    with pytest.raises(Denied):
        loader.execute("create table marts.m (id int)")


def test_the_password_of_bi_reader_follows_its_secret(database_url, settings, postgres_server):
    secret = settings.data_dir / "secrets" / "bi_reader"
    secret.write_text("another one, p@ss/wörd%\n", encoding="utf-8")
    try:
        migrate(database_url, settings)
        psycopg.connect(bi_reader_url(database_url, settings)).close()
    finally:
        migrate(database_url, postgres_server.settings)


@pytest.fixture(scope="module")
def plain_server() -> Iterator[Settings]:
    """A server of its own, on which the three roles do not exist yet."""
    folder = Path(tempfile.mkdtemp(prefix="omni-test-"))
    folder.chmod(0o755)
    settings = Settings(_env_file=None, data_dir=folder)
    ensure_database(settings)
    yield settings
    stop_embedded(settings)
    shutil.rmtree(folder)


def test_without_the_right_to_create_roles_the_error_holds_the_sql_for_an_administrator(plain_server):
    admin_url, passwords = ensure_database(plain_server), [local_secret(plain_server, name) for name in SECRETS]
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("create role guest login password 'odd p@ss/%:#'")
        admin.execute("create database guests owner guest")
        port = admin.info.port
    url = build_url(user="guest", password="odd p@ss/%:#", host="127.0.0.1", port=port, database="guests")

    with pytest.raises(
        ConfigurationError, match=r"(?s)may not prepare the roles.*CREATE ROLE loader NOLOGIN"
    ) as caught:
        migrate(url, plain_server)
    assert not any(password.get_secret_value() in str(caught.value) for password in passwords)

    with psycopg.connect(admin_url, autocommit=True) as admin:
        for line in _as_the_administrator_types_it(plain_server, user="guest"):
            admin.execute(line)
    migrate(url, plain_server)
    migrate(url, plain_server)
    with psycopg.connect(url) as guest:
        guest.execute("create table marts.m as select 1 as id")
    with psycopg.connect(bi_reader_url(url, plain_server)) as reader:
        assert reader.execute("select id from marts.m").fetchall() == [(1,)]
        assert reader.execute("show statement_timeout").fetchone() == ("30s",)


def test_a_user_with_the_right_to_create_roles_needs_no_administrator(plain_server):
    admin_url = ensure_database(plain_server)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for role in ROLES:
            admin.execute(f"drop owned by {role}") if _exists(admin, role) else None
        admin.execute("drop database if exists guests with (force)")
        for role in ROLES:
            admin.execute(f"drop role if exists {role}")
        admin.execute("create role creator login createrole password 'creator'")
        admin.execute("create database creators owner creator")
        port = admin.info.port
    url = build_url(user="creator", password="creator", host="127.0.0.1", port=port, database="creators")
    migrate(url, plain_server)
    migrate(url, plain_server)
    psycopg.connect(bi_reader_url(url, plain_server)).close()
    psycopg.connect(superset_url(url, plain_server)).close()


def test_without_the_right_to_create_schemas_the_error_says_which_grant_is_needed(plain_server):
    admin_url = ensure_database(plain_server)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("create role visitor login password 'visitor'")
        admin.execute("create database closed")
        port = admin.info.port
    url = build_url(user="visitor", password="visitor", host="127.0.0.1", port=port, database="closed")
    with pytest.raises(ConfigurationError, match='GRANT CREATE ON DATABASE "closed" TO "visitor"'):
        migrate(url, plain_server)


def _exists(connection: psycopg.Connection, role: str) -> bool:
    return connection.execute("select from pg_roles where rolname = %s", [role]).fetchone() is not None


def _as_the_administrator_types_it(settings: Settings, *, user: str) -> list[str]:
    text = administrator_sql(settings).replace("<the user in OMNI_DATABASE_URL>", user)
    return re.sub("<content of ([^>]*)>", lambda found: Path(found[1]).read_text().strip(), text).splitlines()
