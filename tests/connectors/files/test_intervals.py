"""Costs of one article never overlap: a later start closes, the same start replaces, a contradiction is refused."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files.intervals import Interval, refuse_contradictions
from connectors.files.rows import GoodRow, ParsedFile
from connectors.files.tables import TABLES

HEADER = "shop,sku_code,cost_price,currency,effective_from,effective_to\n"
IN_FORCE = """
    select to_char(effective_from at time zone 'Asia/Shanghai', 'MM-DD'), cost_price::int,
        to_char(coalesce(closed_at, effective_to) at time zone 'Asia/Shanghai', 'MM-DD')
    from raw_files.product_costs
    where closed_at is distinct from effective_from order by shop_id, effective_from
"""
COSTS = TABLES["product_costs"]
DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)


def costs(*rows: str) -> str:
    """Rows `shop,price,from,to` of one article."""
    lines = (row.split(",") for row in rows)
    return HEADER + "".join(
        f"{shop},AB-1,{price},CNY,2026-{start},{end and '2026-' + end}\n" for shop, price, start, end in lines
    )


def test_an_open_cost_ends_where_the_next_one_begins_in_any_order_of_the_rows(load, drop, rows):
    load(drop("product_costs.csv", costs(",12,03-01,", ",10,01-01,", ",11,02-01,")))
    assert rows(IN_FORCE) == [("01-01", 10, "02-01"), ("02-01", 11, "03-01"), ("03-01", 12, None)]
    assert rows("select count(effective_to) from raw_files.product_costs") == [(0,)]


def test_another_file_closes_it_too_and_gives_it_back_when_its_row_goes(load, drop, rows):
    load(drop("product_costs_a.csv", costs(",10,01-01,")))
    load(drop("product_costs_b.csv", costs(",12,03-01,")))
    assert rows(IN_FORCE) == [("01-01", 10, "03-01"), ("03-01", 12, None)]
    load(drop("product_costs_b.csv", costs(",12,04-01,")))
    assert rows(IN_FORCE) == [("01-01", 10, "04-01"), ("04-01", 12, None)]


def test_the_last_upload_of_the_same_start_is_in_force(load, drop, rows):
    load(drop("product_costs_a.csv", costs(",10,01-01,06-01")))
    report = load(drop("product_costs_b.csv", costs(",11,01-01,")))
    assert report.rows_rejected == 0
    assert rows(IN_FORCE) == [("01-01", 11, None)]
    assert rows("select count(*) from raw_files.product_costs") == [(2,)]


def test_a_row_that_contradicts_another_file_is_refused_with_its_reason(load, drop, rows):
    load(drop("product_costs_a.csv", costs(",10,01-01,06-01")))
    report = load(drop("product_costs_b.csv", costs(",11,03-01,", ",12,06-01,")))
    assert (report.rows_ok, report.rows_rejected) == (1, 1)
    assert "row 2: overlaps product_costs_a.csv row 2, which is valid from 2025-12-31 16:00" in report.message
    assert rows(IN_FORCE) == [("01-01", 10, "06-01"), ("06-01", 12, None)]
    assert rows("select reason_code from ops.dead_letters") == [("overlapping_interval",)]


def test_two_rows_of_a_file_that_contradict_each_other_keep_the_first(load, drop, rows):
    report = load(drop("product_costs.csv", costs(",11,03-01,", ",10,01-01,06-01")))
    assert (report.rows_ok, report.rows_rejected) == (1, 1)
    assert "row 3: overlaps row 2" in report.message


def test_articles_and_shops_do_not_disturb_each_other(load, drop, rows):
    other = HEADER + ",CD-2,5,CNY,2026-02-01,2026-03-01\n"
    load(drop("product_costs_a.csv", costs(",10,01-01,06-01", "Harbor US,9,02-01,04-01", "Nordlicht,8,02-01,04-01")))
    assert load(drop("product_costs_b.csv", other)).rows_ok == 1


def test_an_article_is_the_same_in_small_letters(load, drop):
    load(drop("product_costs_a.csv", costs(",10,01-01,06-01")))
    assert load(drop("product_costs_b.csv", costs(",11,03-01,").replace("AB-1", "ab-1"))).rows_rejected == 1


def test_a_refused_row_lands_once_the_other_file_makes_room(load, drop, rows):
    load(drop("product_costs_a.csv", costs(",10,01-01,06-01")))
    late = drop("product_costs_b.csv", costs(",11,03-01,", ",12,06-01,"))
    load(late)
    load(drop("product_costs_a.csv", costs(",10,01-01,03-01")))
    assert load(late).rows_rejected == 0
    assert rows(IN_FORCE) == [("01-01", 10, "03-01"), ("03-01", 11, "06-01"), ("06-01", 12, None)]


def test_a_cost_that_comes_back_into_force_gives_way_to_what_landed_since(load, drop, rows):
    load(drop("product_costs_a.csv", costs(",10,01-01,06-01")))
    load(drop("product_costs_b.csv", costs(",11,01-01,03-01")))
    load(drop("product_costs_c.csv", costs(",12,03-01,06-01")))
    load(drop("product_costs_b.csv", costs(",11,07-01,08-01")))
    assert rows(IN_FORCE) == [("01-01", 10, "03-01"), ("03-01", 12, "06-01"), ("07-01", 11, "08-01")]


@pytest.mark.parametrize(("start", "end"), [("2026-02-01", "2026-03-01"), ("2025-12-01", None)])
def test_the_database_refuses_an_overlap_whoever_writes_it(load, drop, database_url, start, end):
    load(drop("product_costs.csv", costs(",10,01-01,")))
    insert = """
        insert into raw_files.product_costs
            (sku_code, cost_price, currency, effective_from, effective_to, source_file, file_hash, row_no, run_id)
        values ('ab-1', 1, 'CNY', %s, %s, 'by hand', 'by hand', 1, 'r')
    """
    with (
        pytest.raises(psycopg.errors.ExclusionViolation, match="product_costs_no_overlap"),
        psycopg.connect(database_url) as conn,
    ):
        conn.execute(insert, [start, end])


def test_an_older_database_with_overlaps_is_put_in_order_by_the_migration(rows, database_url):
    revision = importlib.import_module("connectors.postgres.migrations.versions.0013_cost_intervals_and_imports")
    kept = [
        ("01-01", 10, None),
        ("02-01", 11, "06-01"),
        ("03-01", 12, None),
        ("05-01", 9, "04-01"),
        ("03-01", 13, None),
    ]
    with psycopg.connect(database_url) as conn:
        conn.execute("alter table raw_files.product_costs drop constraint product_costs_no_overlap")
        for number, (start, price, end) in enumerate(kept, start=1):
            conn.execute(
                "insert into raw_files.product_costs (sku_code, cost_price, currency, effective_from, effective_to, "
                "source_file, file_hash, row_no, run_id) values ('AB-1', %s, 'CNY', %s, %s, 'f', 'f', %s, 'r')",
                [price, f"2026-{start} 00:00+08", end and f"2026-{end} 00:00+08", number],
            )
        conn.execute(revision.CLOSE_OVERLAPS)
        conn.execute(revision.NO_OVERLAP)
    # The inverted row (from May to April) is nobody's cost (C1): it stays as it came and closes nothing.
    assert rows(IN_FORCE) == [
        ("01-01", 10, "02-01"),
        ("02-01", 11, "03-01"),
        ("03-01", 13, None),
        ("05-01", 9, "04-01"),
    ]


SPANS = st.lists(st.tuples(st.integers(0, 12), st.none() | st.integers(1, 6)), min_size=1, max_size=8)


@given(spans=SPANS, elsewhere=SPANS)
def test_what_is_kept_never_contradicts_and_no_row_is_lost(spans, elsewhere):
    def instant(day: int) -> datetime:
        return DAY_ONE + timedelta(days=day)

    def end(start: int, length: int | None) -> datetime | None:
        return None if length is None else instant(start + length)

    good = [
        GoodRow(n, (None, "AB", 1, "CNY", instant(start), end(start, length)), ("x",))
        for n, (start, length) in enumerate(dict(spans).items(), start=2)
    ]
    stored = [Interval(instant(start), end(start, length), "other") for start, length in elsewhere]
    parsed = refuse_contradictions(ParsedFile(("h",), good), COSTS, {(None, "AB"): stored})
    assert sorted([row.row_no for row in [*parsed.good, *parsed.refused]]) == [row.row_no for row in good]
    restated = {row.values[4] for row in good}
    kept = [Interval(*row.values[4:], "file") for row in parsed.good]
    others = [one for one in stored if one.start not in restated]
    for place, one in enumerate(kept):
        rivals = [*kept[:place], *others]
        assert not any(one.contradicts(rival) for rival in rivals)
