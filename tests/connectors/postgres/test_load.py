"""The law of landing: any split, any order, any repetition of the same observations give the same tables."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from connectors.postgres.load import Loaded, load_records
from connectors.postgres.tables import RAW_TABLES
from connectors.records import RawRecord

START = datetime(2026, 1, 1, tzinfo=UTC)
SHOPS = itertools.count(1)


@dataclass
class Store:
    """A database that async code and plain assertions share; every example gets a shop of its own."""

    url: str
    runner: asyncio.Runner
    writer: AsyncConnection
    reader: psycopg.Connection

    def land(self, table: str, shop_id: int, batches: Sequence[Sequence[RawRecord]], run_id: str = "run") -> Loaded:
        async def work() -> Loaded:
            total = Loaded()
            for batch in batches:
                async with self.writer.transaction():
                    total += await load_records(self.writer, RAW_TABLES[table], batch, shop_id=shop_id, run_id=run_id)
            return total

        return self.runner.run(work())

    def rows(self, query: str, shop_id: int) -> list[tuple[object, ...]]:
        return self.reader.execute(query, [shop_id]).fetchall()

    def current(self, table: str, shop_id: int) -> dict[object, tuple[object, object]]:
        key = ", ".join(RAW_TABLES[table].key)
        query = f"select {key}, source_updated_at, payload from raw_temu.{table} where shop_id = %s"
        return {row[:-2]: row[-2:] for row in self.rows(query, shop_id)}


@pytest.fixture(scope="module")
def store(module_database_url: str) -> Iterator[Store]:
    with asyncio.Runner() as runner, psycopg.connect(module_database_url, autocommit=True) as reader:
        writer = runner.run(AsyncConnection.connect(module_database_url, autocommit=True))
        yield Store(module_database_url, runner, writer, reader)
        runner.run(writer.close())


def seen(order: str, second: int, *, label: str = "", key_order: int = 0) -> RawRecord:
    """An order as observed: its content is decided by its update time (and label), its bytes also by `key_order`."""
    status = second % 5 + 1
    lines = [{"orderSn": f"{order}-{n}", "orderStatus": status} for n in range(2)]
    parent = {"parentOrderSn": order, "parentOrderStatus": status, "updateTime": second, "label": label}
    content = {"parentOrderMap": parent, "orderList": lines}
    if key_order:
        content = {name: content[name] for name in reversed(content)}
    updated = START + timedelta(seconds=second)
    return RawRecord((order,), (status, START), updated, json.dumps(content).encode())


OBSERVATIONS = st.lists(
    st.builds(seen, st.sampled_from(["PO-1", "PO-2", "PO-3"]), st.integers(0, 6), key_order=st.integers(0, 1)),
    max_size=14,
)


@st.composite
def split(draw: st.DrawFn, records: list[RawRecord]) -> list[list[RawRecord]]:
    """The same records in another order, some of them repeated, cut into batches anywhere."""
    repeated = draw(st.permutations(records + draw(st.lists(st.sampled_from(records), max_size=4)) if records else []))
    cuts = sorted(draw(st.lists(st.integers(0, len(repeated)), max_size=4)))
    return [list(repeated[low:high]) for low, high in zip([0, *cuts], [*cuts, len(repeated)], strict=True)]


CASES = OBSERVATIONS.flatmap(lambda records: st.tuples(st.just(records), split(records), split(records)))
VERSIONS = """
    select parent_order_sn, source_updated_at, parent_status, line_statuses, payload_hash
    from raw_temu.order_versions where shop_id = %s order by 1, 2, 5
"""


@settings(max_examples=60, deadline=None)
@given(case=CASES)
def test_any_split_order_and_repetition_of_orders_give_the_same_tables(
    store: Store, case: tuple[list[RawRecord], list[list[RawRecord]], list[list[RawRecord]]]
) -> None:
    observed, one_way, other_way = case
    first, second = next(SHOPS), next(SHOPS)
    store.land("orders", first, one_way)
    store.land("orders", second, other_way)
    assert store.current("orders", first) == store.current("orders", second)
    assert store.rows(VERSIONS, first) == store.rows(VERSIONS, second)
    orders = {one.key[0] for one in observed}
    assert store.current("orders", first) == {(order,): _newest(observed, order) for order in orders}
    superseded = {
        (one.key[0], one.source_updated_at)
        for one in observed
        if one.source_updated_at != _newest(observed, one.key[0])[0]
    }
    assert {row[:2] for row in store.rows(VERSIONS, first)} == superseded


def _newest(observed: list[RawRecord], order: object) -> tuple[datetime, object]:
    winner = max((one for one in observed if one.key == (order,)), key=lambda one: one.source_updated_at)
    return winner.source_updated_at, json.loads(winner.payload)


def answer(order: str, second: int) -> RawRecord:
    """An order's money: read for an update time that is not in the payload, which changes only every third second."""
    payload = json.dumps({"orderList": [], "revenue": second // 3}).encode()
    return RawRecord((order,), ("bg.order.amount.query",), START + timedelta(seconds=second), payload)


ANSWERS = st.lists(st.builds(answer, st.sampled_from(["PO-1", "PO-2"]), st.integers(0, 9)), max_size=10)


@settings(max_examples=40, deadline=None)
@given(case=ANSWERS.flatmap(lambda records: st.tuples(st.just(records), split(records))))
def test_answers_are_kept_for_the_latest_time_they_were_read_for(
    store: Store, case: tuple[list[RawRecord], list[list[RawRecord]]]
) -> None:
    observed, batches = case
    shop = next(SHOPS)
    store.land("order_amounts", shop, batches)
    orders = {one.key[0] for one in observed}
    assert store.current("order_amounts", shop) == {(order,): _newest(observed, order) for order in orders}


@settings(max_examples=40, deadline=None)
@given(case=OBSERVATIONS.flatmap(lambda records: st.tuples(st.just(records), split(records))))
def test_every_record_is_counted_exactly_once(
    store: Store, case: tuple[list[RawRecord], list[list[RawRecord]]]
) -> None:
    _, batches = case
    counts = store.land("orders", next(SHOPS), batches)
    total = counts.inserted + counts.updated + counts.unchanged + counts.stale
    assert total == sum(len(batch) for batch in batches)
    assert counts.refused == []


def test_reading_the_same_again_touches_no_row(store: Store) -> None:
    shop, records = next(SHOPS), [seen(f"PO-{n}", n) for n in range(20)]
    query = "select parent_order_sn, run_id, loaded_at, xmin::text from raw_temu.orders where shop_id = %s order by 1"
    assert store.land("orders", shop, [records], "first").inserted == 20
    before = store.rows(query, shop)
    assert store.land("orders", shop, [records], "second").unchanged == 20
    assert store.rows(query, shop) == before


def test_the_same_content_in_another_key_order_is_no_change(store: Store) -> None:
    shop = next(SHOPS)
    store.land("orders", shop, [[seen("PO-1", 3)]], "first")
    counts = store.land("orders", shop, [[seen("PO-1", 3, key_order=1)]], "second")
    assert counts.unchanged == 1
    assert store.rows("select run_id from raw_temu.orders where shop_id = %s", shop) == [("first",)]


def test_a_second_change_within_the_same_second_wins_because_it_was_seen_later(store: Store) -> None:
    shop = next(SHOPS)
    store.land("orders", shop, [[seen("PO-1", 3, label="a")], [seen("PO-1", 3, label="b")]])
    [(_, payload)] = store.current("orders", shop).values()
    assert payload["parentOrderMap"]["label"] == "b"
    assert len(store.rows(VERSIONS, shop)) == 1


def test_a_superseded_state_keeps_when_and_by_which_run_it_was_seen(store: Store) -> None:
    shop = next(SHOPS)
    store.land("orders", shop, [[seen("PO-1", 1)]], "first")
    [(loaded_at,)] = store.rows("select loaded_at from raw_temu.orders where shop_id = %s", shop)
    store.land("orders", shop, [[seen("PO-1", 2)]], "second")
    [version] = store.rows(
        "select parent_status, line_statuses, loaded_at, run_id from raw_temu.order_versions where shop_id = %s", shop
    )
    assert version == (2, {"PO-1-0": 2, "PO-1-1": 2}, loaded_at, "first")


def sku(second: int, stock: int, *, day: int | None = None) -> RawRecord:
    """A SKU as read at `second`."""
    payload = json.dumps({"skuId": 1, "stock": stock}).encode()
    key: tuple[object, ...] = (1,) if day is None else (1, date(2026, 1, day))
    columns: tuple[object, ...] = (10, "A-1") if day is None else (stock, None, "USD")
    return RawRecord(key, columns, START + timedelta(seconds=second), payload)


def test_a_product_remembers_when_its_content_was_first_seen(store: Store) -> None:
    shop = next(SHOPS)
    store.land("products", shop, [[sku(1, 5)], [sku(2, 5)], [sku(3, 4)], [sku(4, 4)], [sku(5, 5)], [sku(6, 5)]])
    assert store.current("products", shop) == {(1,): (START + timedelta(seconds=5), {"skuId": 1, "stock": 5})}


def test_the_last_read_of_a_day_is_the_snapshot_of_the_day(store: Store) -> None:
    shop = next(SHOPS)
    store.land(
        "product_snapshots", shop, [[sku(1, 5, day=1)], [sku(2, 4, day=1)], [sku(3, 9, day=2)], [sku(2, 4, day=1)]]
    )
    query = "select snapshot_date, stock from raw_temu.product_snapshots where shop_id = %s order by 1"
    assert store.rows(query, shop) == [(date(2026, 1, 1), 4), (date(2026, 1, 2), 9)]


@pytest.mark.parametrize(
    "poison",
    [b'{"x": "\\u0000"}', b'{"x": "\\ud800"}', b'{"x": 1e999999}', b'{"x": ' + b"[" * 60_000 + b"]" * 60_000 + b"}"],
    ids=["zero character", "half a surrogate", "number too large", "too deep"],
)
def test_a_payload_that_cannot_be_stored_is_refused_alone(store: Store, poison: bytes) -> None:
    shop = next(SHOPS)
    records = [seen(f"PO-{n}", n) for n in range(9)]
    records.insert(4, RawRecord(("PO-bad",), (1, START), START, poison))
    counts = store.land("orders", shop, [records])
    assert counts.inserted == 9
    assert [one.payload for one in counts.refused] == [poison]
    assert counts.refused[0].message


@pytest.mark.parametrize("key", ["PO-\x00", "PO-\ud800"], ids=["zero character", "half a surrogate"])
def test_a_key_that_no_text_can_hold_is_refused_alone(store: Store, key: str) -> None:
    shop = next(SHOPS)
    bad = RawRecord((key,), (1, START), START, b'{"x": 1}')
    counts = store.land("orders", shop, [[seen("PO-1", 1), bad, seen("PO-2", 2)]])
    assert counts.inserted == 2
    assert [one.record for one in counts.refused] == [bad]


@pytest.mark.parametrize("price", ["1e999999999", "-1e140000", "1e-140000"])
def test_a_number_that_nobody_can_mean_is_refused_alone(store: Store, price: str) -> None:
    shop = next(SHOPS)
    good = sku(1, 5, day=1)
    place = list(RAW_TABLES["product_snapshots"].columns.values()).index("numeric")
    columns = (*good.columns[:place], Decimal(price), *good.columns[place + 1 :])
    bad = replace(good, key=(2, *good.key[1:]), columns=columns)
    counts = store.land("product_snapshots", shop, [[good, bad]])
    assert counts.inserted == 1
    assert [one.record for one in counts.refused] == [bad]


def test_a_stored_order_that_turns_unstorable_keeps_its_last_good_state(store: Store) -> None:
    shop = next(SHOPS)
    store.land("orders", shop, [[seen("PO-1", 1)]])
    bad = RawRecord(("PO-1",), (2, START), START + timedelta(seconds=9), b'{"x": "\\u0000"}')
    counts = store.land("orders", shop, [[bad, seen("PO-2", 1)]])
    assert (counts.inserted, len(counts.refused)) == (1, 1)
    assert store.current("orders", shop)["PO-1",][0] == START + timedelta(seconds=1)


def test_a_key_that_somebody_else_stored_meanwhile_is_merged_instead(store: Store) -> None:
    shop = next(SHOPS)

    async def race() -> Loaded:
        other = await AsyncConnection.connect(store.url, autocommit=True)
        async with other, store.writer.transaction():
            from connectors.postgres import load

            original = load._stored

            async def stored_then_overtaken(*args: object) -> object:
                answer = await original(*args)
                load._stored = original
                async with other.transaction():
                    await load_records(other, RAW_TABLES["orders"], [seen("PO-1", 5)], shop_id=shop, run_id="other")
                return answer

            load._stored = stored_then_overtaken
            records = [seen("PO-1", 3), seen("PO-2", 3)]
            return await load_records(store.writer, RAW_TABLES["orders"], records, shop_id=shop, run_id="mine")

    counts = store.runner.run(race())
    assert (counts.inserted, counts.stale) == (1, 1)
    assert store.current("orders", shop)["PO-1",][0] == START + timedelta(seconds=5)


def test_a_batch_that_is_rolled_back_leaves_nothing(store: Store) -> None:
    shop = next(SHOPS)

    async def fail() -> None:
        async with store.writer.transaction():
            await load_records(store.writer, RAW_TABLES["orders"], [seen("PO-1", 1)], shop_id=shop, run_id="r")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        store.runner.run(fail())
    assert store.current("orders", shop) == {}
