"""What an event changed is in the marts that people look at through the run that read it, whatever else is built."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.errors import ConfigurationError
from connectors.postgres.locks import builder_lock
from orchestration.dbt_builds import DBT_COMMAND
from orchestration.fresh_marts import FRESH_MARTS, build_fresh_marts
from orchestration.parsed_dbt import read_parse
from orchestration.resources import Warehouse
from tests.dbt_project.landing import Landing

WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
LINE = {"orderSn": "O-1", "quantity": 2, "originalOrderQuantity": 2, "orderStatus": 4}


@pytest.fixture(scope="module")
def built(migrated_warehouse: Any) -> Iterator[Any]:
    """A migrated database in which the fresh marts and all that is below them were built, of one shop and no order."""
    migrated_warehouse.execute(
        "insert into ops.shops (id, temu_shop_id, shop_name, region, gateway, app_key)"
        " overriding system value values (1, 634418210000001, 'Nova US', 'US', 'US', 'k')"
    )
    no_tests = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    migrated_warehouse.dbt("build", "--select", *(f"+{mart}" for mart in FRESH_MARTS), *no_tests)
    yield migrated_warehouse
    migrated_warehouse.execute("truncate ops.shops, raw_temu.orders cascade")


@pytest.fixture
def warehouse(built: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setenv("OMNI_DATABASE_URL", built.url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OMNI_DBT_MANIFEST", str(built.artefacts / "manifest.json"))
    return Warehouse()


def orders_shown(built: Any) -> list[str]:
    return [row["parent_order_sn"] for row in built.rows("select parent_order_sn from marts.fct_order_lines_costed")]


def test_what_landed_while_a_whole_build_wrote_is_shown_as_soon_as_that_one_has_written(
    built: Any, warehouse: Warehouse
) -> None:
    with ThreadPoolExecutor(1) as aside:
        with builder_lock(built.url):
            fresh = aside.submit(build_fresh_marts, warehouse)
            while built.rows(WAITING)[0]["count"] == 0:
                assert not fresh.done(), fresh.result()
            Landing(built).order("PO-1", [LINE])
            assert orders_shown(built) == []
        relations = {tuple(key.path) for key in fresh.result()}
    assert orders_shown(built) == ["PO-1"]
    assert {("marts", mart) for mart in FRESH_MARTS} < relations
    assert not {name for layer, name in relations if layer == "staging" and name.startswith("stg_")}, "views"


def test_words_of_dbt_tell_why_the_marts_could_not_be_built(built: Any, warehouse: Warehouse) -> None:
    built.execute(
        "create function public.refuse() returns event_trigger language plpgsql as"
        " $$ begin raise exception 'the disk of the marts is full'; end $$"
    )
    built.execute(
        "create event trigger refusing on ddl_command_start when tag in ('CREATE TABLE AS')"
        " execute function public.refuse()"
    )
    try:
        with pytest.raises(ConfigurationError, match="the disk of the marts is full"):
            build_fresh_marts(warehouse)
    finally:
        built.execute("drop event trigger refusing")
        built.execute("drop function public.refuse()")


def test_before_the_first_whole_build_there_is_nothing_to_refresh(
    postgres_server: Any, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.create_database()
    monkeypatch.setenv("OMNI_DATABASE_URL", url)
    assert build_fresh_marts(warehouse) == []
    with psycopg.connect(url) as connection:
        assert connection.execute("select to_regclass('staging.stg_temu__orders')").fetchone() == (None,)
    postgres_server.drop_database(url)


def test_a_parse_is_taken_only_for_the_database_that_it_was_made_for(built: Any, warehouse: Warehouse) -> None:
    taken = read_parse(warehouse.database_url())
    assert taken is not None
    assert taken.nodes.keys() == built.parsed.nodes.keys()
    assert read_parse(f"{built.url}_of_somebody_else") is None


def test_a_project_that_was_never_parsed_is_left_to_dbt(
    built: Any, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNI_DBT_MANIFEST", str(tmp_path / "manifest.json"))
    assert read_parse(warehouse.database_url()) is None
    assert build_fresh_marts(warehouse) == []


def test_the_version_is_told_to_the_integration_without_a_database() -> None:
    told = subprocess.run([DBT_COMMAND, "--version"], env={}, capture_output=True, text=True, check=True).stdout
    assert told == f"installed: {version('dbt-core')}\n"
