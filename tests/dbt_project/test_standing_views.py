"""Views stay readable while what they read is replaced; only a view that the new columns do not fit goes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

VIEWS = ("mart_source_freshness", "view_data_trust", "view_order_line_derivation")
BELOW = ("int_sources__last_seen", "fct_order_lines_costed", "int_order_lines__costed", "mart_gmv_daily")


@pytest.fixture(scope="module")
def standing(migrated_warehouse: Any) -> Any:
    """An empty database in which the views and all that is below them were built."""
    no_tests = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    migrated_warehouse.dbt("build", "--select", *(f"+{view}" for view in VIEWS), *no_tests)
    return migrated_warehouse


def _views(warehouse: Any) -> dict[str, int]:
    found = warehouse.rows(
        "select relname, oid from pg_class where relkind = 'v' and relnamespace = 'marts'::regnamespace"
    )
    return {row["relname"]: row["oid"] for row in found}


@contextmanager
def _reader(url: str) -> Iterator[list[str]]:
    """Reads the views again and again; gives what went wrong."""
    problems: list[str] = []
    ended = Event()

    def read() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not ended.is_set():
                for view in VIEWS:
                    try:
                        connection.execute(f"select * from marts.{view} limit 1")  # type: ignore[arg-type]
                    except psycopg.Error as error:
                        problems.append(str(error))

    thread = Thread(target=read)
    thread.start()
    try:
        yield problems
    finally:
        ended.set()
        thread.join()


def test_views_can_be_read_at_every_moment_of_a_build_of_what_is_below_them(standing):
    before = _views(standing)
    with _reader(standing.url) as problems:
        standing.dbt("run", "--select", *BELOW)
    assert problems == []
    assert _views(standing) == before
    assert set(VIEWS) <= set(before)


def test_views_can_be_read_while_they_are_built_again_themselves(standing):
    with _reader(standing.url) as problems:
        standing.dbt("run", "--select", *BELOW, *VIEWS)
    assert problems == []


def test_a_view_reads_the_new_relation_and_the_old_one_is_gone(standing):
    standing.execute("insert into intermediate.int_sources__last_seen (shop_id, entity) values (77, 'orders')")
    assert standing.rows("select shop_id from marts.mart_source_freshness where shop_id = 77")
    standing.dbt("run", "--select", "int_sources__last_seen")
    assert not standing.rows("select shop_id from marts.mart_source_freshness where shop_id = 77")
    assert not standing.rows("select relname from pg_class where relname like '%\\_\\_dbt\\_backup'")


def test_a_view_keeps_its_options(standing):
    standing.execute("alter view marts.view_order_line_derivation set (security_barrier = true)")
    standing.dbt("run", "--select", "int_fee_rates__daily")
    query = "select reloptions from pg_class where oid = 'marts.view_order_line_derivation'::regclass"
    assert standing.rows(query) == [{"reloptions": ["security_barrier=true"]}]


def test_a_view_above_two_relations_is_pointed_at_the_new_ones_one_after_the_other(standing):
    with ThreadPoolExecutor(1) as aside, psycopg.connect(standing.url) as other:
        other.execute("select pg_advisory_xact_lock(hashtextextended('standing views', 0))")
        built = aside.submit(standing.dbt, "run", "--select", "int_fx_rates__daily", "int_fee_rates__daily")
        while not standing.rows("select from pg_locks where locktype = 'advisory' and not granted"):
            assert not built.done()
        other.rollback()
        built.result()
    assert set(VIEWS) <= set(_views(standing))


def test_a_view_that_the_new_columns_do_not_fit_goes_and_the_build_goes_on(standing):
    standing.execute("alter table intermediate.int_sources__last_seen add column passing integer")
    standing.execute("create view marts.view_of_passing as select passing from intermediate.int_sources__last_seen")
    standing.dbt("run", "--select", "int_sources__last_seen")
    assert "view_of_passing" not in _views(standing)
    assert set(VIEWS) <= set(_views(standing))
    standing.dbt("run", "--select", *BELOW, *VIEWS)
