"""A shop that speaks the simplified REST interface is read by the same streams into the same raw tables (API §17)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.completeness.days import window_of_business_day
from connectors.sync import (
    DayCount,
    SyncFailure,
    SyncReport,
    check_shop,
    recount,
    refresh_orders,
    refresh_products,
    replay,
)
from connectors.temu.decoding import RecordDecoder
from connectors.temu.entities import number_of
from connectors.temu.models.rest import PlainOrder
from connectors.temu.signing import sign_rest
from connectors.temu.streams import STREAMS, rest
from tests.connectors.sync.conftest import Desk, Gateway

FIXTURES = Path(__file__).parents[2] / "fixtures" / "temu"
AT = datetime(2026, 1, 9, tzinfo=UTC)
VECTOR = {
    "app_key": "seed-key-1",
    "access_token": "seed-token-1",
    "timestamp": 1767225600,
    "start_time": 1767139200,
    "end_time": 1767225599,
    "page": 1,
    "page_size": 100,
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "8E0B6409A66A4BCFC1E5D0ED8B2C50582980DBA1ABAD66ADB574E64312DE8876"),
        (
            {"order_sns": ["A-1", "Ü-2"], "filter": {"status": "paid", "n": 1}},
            "C12CEF8AFEDC0B209AA4CDB41C183C73F27CE8E5A70BB0E142477C79AD737860",
        ),
    ],
)
def test_the_signature_is_that_of_the_published_vectors(more: dict[str, object], expected: str) -> None:
    assert sign_rest(VECTOR | more, "seed-secret-1") == expected


def _rows(name: str, rows_word: str) -> list[bytes]:
    result = json.loads((FIXTURES / f"seed-dialect.{name}.json").read_text())["result"]
    return [json.dumps(row).encode() for row in result[rows_word]]


def test_sample_orders_are_keyed_by_their_number_and_dated_by_their_latest_moment() -> None:
    payloads = _rows("order-list", "order_list")
    found = rest.ORDERS.listing.entity.rows(payloads, at=AT)
    assert found.rejected == []
    assert [record.payload for record in found.records] == payloads
    first, second = found.records
    assert (first.key, first.columns) == (("SEED-1001",), (None, datetime(2026, 1, 1, 1, tzinfo=UTC)))
    assert first.source_updated_at == datetime.fromtimestamp(1767398400, UTC)
    assert second.source_updated_at == datetime.fromtimestamp(1767744000, UTC)


def test_sample_products_and_activities_have_numbers_for_their_text_ids() -> None:
    [product] = rest.PRODUCTS.listing.entity.rows(_rows("product-list", "product_list"), at=AT).records
    assert (product.key, product.columns) == ((number_of("p-1"),), (None, "SYN-TEE-BLK-M"))
    assert rest.PRODUCTS.snapshot is not None
    [copy] = rest.PRODUCTS.snapshot.rows(_rows("product-list", "product_list"), at=AT).records
    assert (copy.key, [str(value) for value in copy.columns]) == ((number_of("p-1"), AT.date()), ["90", "15.99", "USD"])
    [activity] = rest.ACTIVITIES.listing.entity.rows(_rows("activity-list", "activity_list"), at=AT).records
    assert activity.key == (number_of("a-1"),)
    assert activity.columns[1:] == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


@given(st.text(min_size=1), st.integers(0, 10**18 - 1))
def test_the_number_of_a_text_is_stable_and_fits_and_digits_stay_themselves(text: str, number: int) -> None:
    assert 0 <= number_of(text) == number_of(text) < 2**63
    assert number_of(str(number)) == number


def test_streams_that_the_interface_does_not_know_are_left_out() -> None:
    known = {name for name, stream in STREAMS.items() if stream.spoken("rest")}
    assert known == {"orders", "products", "activities"}


class NoOrder(PlainOrder):
    """What no order looks like."""

    never_there: int


@pytest.fixture
def plain_desk(desk: Desk, gateway: Gateway) -> Desk:
    """The first shop, spoken to in the other dialect."""
    address = f"{gateway.url}/US"
    desk.execute("update ops.shops set dialect = 'rest', gateway_url = %s where id = %s", address, desk.shops[0].id)
    return desk


def test_the_same_lines_land_in_either_dialect(desk: Desk, gateway: Gateway) -> None:
    shop = desk.shops[0]
    desk.sync(shops=[shop.shop_name], streams=["orders", "products"])
    lines = desk.query(
        """
        select l ->> 'orderSn', (l ->> 'quantity')::int from raw_temu.orders
        cross join jsonb_array_elements(payload -> 'orderList') l order by 1
        """
    )
    skus = desk.query("select sku_id, payload ->> 'price', payload ->> 'stock' from raw_temu.products order by 1")
    desk.execute("truncate raw_temu.orders, raw_temu.products, ops.watermarks")
    address = f"{gateway.url}/US"
    desk.execute("update ops.shops set dialect = 'rest', gateway_url = %s where id = %s", address, shop.id)
    outcomes = desk.sync(shops=[shop.shop_name])
    assert [one for one in outcomes if isinstance(one, SyncFailure)] == []
    assert [one.stream for one in outcomes if not one.absent] == ["orders", "products", "activities"]
    assert {one.absent for one in outcomes if one.absent} == {"dialect rest does not know it"}
    flat = "select parent_order_sn, (payload ->> 'quantity')::int from raw_temu.orders order by 1"
    assert desk.query(flat) == lines
    plain = desk.query(
        "select payload ->> 'product_id', payload ->> 'price', payload ->> 'stock' from raw_temu.products"
    )
    assert sorted(plain) == sorted((f"p-{sku}", price, stock) for sku, price, stock in skus)


def test_reading_again_changes_nothing_and_a_later_change_is_found(plain_desk: Desk, gateway: Gateway) -> None:
    name = plain_desk.shops[0].shop_name
    plain_desk.sync(shops=[name])
    again = plain_desk.sync(shops=[name])
    assert all(isinstance(one, SyncReport) and one.inserted == one.updated == 0 for one in again)
    status = "select parent_order_sn, payload ->> 'status' from raw_temu.orders order by 1"
    before = dict(plain_desk.query(status))
    gateway.advance(days=10)
    plain_desk.sync(shops=[name])
    after = dict(plain_desk.query(status))
    assert before.keys() <= after.keys()
    assert any(before[sn] != after[sn] for sn in before)


def test_a_single_order_is_refreshed_and_the_shop_can_be_checked(plain_desk: Desk) -> None:
    shop = plain_desk.shops[0]
    plain_desk.sync(shops=[shop.shop_name], streams=["orders"])
    [(sn,)] = plain_desk.query("select min(parent_order_sn) from raw_temu.orders")
    plain_desk.execute("truncate raw_temu.orders")
    report = refresh_orders(
        plain_desk.url,
        settings=plain_desk.settings,
        temu_shop_id=shop.temu_shop_id,
        parent_order_sns=[str(sn), "absent"],
        run_id="r",
    )
    assert (report.inserted, report.forbidden) == (1, None)
    assert check_shop(plain_desk.url, settings=plain_desk.settings, shop=shop.shop_name).is_well


def test_a_single_product_is_read_by_its_id_with_its_copy_of_today(plain_desk: Desk, gateway: Gateway) -> None:
    shop = plain_desk.shops[0]
    plain_desk.sync(shops=[shop.shop_name], streams=["products"])
    raw = "select sku_id, payload ->> 'product_id', payload from raw_temu.products order by 1"
    listed = plain_desk.query(raw)
    first = str(listed[0][1])
    plain_desk.execute("truncate raw_temu.products, raw_temu.product_snapshots")
    report = refresh_products(
        plain_desk.url,
        settings=plain_desk.settings,
        temu_shop_id=shop.temu_shop_id,
        goods_ids=[first, "p-absent"],
        run_id="r",
    )
    assert (report.read, report.inserted, report.forbidden) == (1, 1, None)
    assert plain_desk.query(raw) == listed[:1]
    copied = "select sku_id, stock is not null, price is not null from raw_temu.product_snapshots"
    assert plain_desk.query(copied) == [(listed[0][0], True, True)]
    told = "select item_key, status from ops.sync_logs where run_id = 'r' order by 1"
    assert plain_desk.query(told) == sorted([(first, "ok"), ("p-absent", "absent")])


def test_a_refused_token_stops_the_shop(plain_desk: Desk) -> None:
    plain_desk.execute("update ops.shops set app_key = repeat('0', 32) where id = %s", plain_desk.shops[0].id)
    [failure] = plain_desk.sync(shops=[plain_desk.shops[0].shop_name])
    assert isinstance(failure, SyncFailure)
    assert "401" in failure.message


def test_closed_days_of_flat_orders_are_counted_and_lost_ones_are_found(plain_desk: Desk, gateway: Gateway) -> None:
    shop = plain_desk.shops[0].shop_name
    plain_desk.sync(shops=[shop], streams=["orders"])
    whole = plain_desk.query("select parent_order_sn, payload from raw_temu.orders order by 1")
    counts = _recounted(plain_desk)
    assert sum(one.reported for one in counts) > 0
    assert {(one.gap, one.found) for one in counts} == {(0, 0)}
    lost = max(counts, key=lambda one: one.reported).day
    window = window_of_business_day(lost)
    gone = "delete from raw_temu.orders where order_time >= %s and order_time < %s"
    plain_desk.execute(gone, window.start, window.end)
    [told] = _recounted(plain_desk, first=lost, last=lost, mend=False)
    assert told.unexplained == told.reported > 0
    [mended] = _recounted(plain_desk, first=lost, last=lost)
    assert (mended.found, mended.gap) == (told.reported, 0)
    assert plain_desk.query("select parent_order_sn, payload from raw_temu.orders order by 1") == whole


def test_a_flat_order_that_cannot_be_typed_explains_the_gap_until_it_lands(plain_desk: Desk) -> None:
    shop = plain_desk.shops[0].shop_name
    entity = rest.ORDERS.listing.entity
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vars(entity), "_decoder", RecordDecoder(NoOrder))
        plain_desk.sync(shops=[shop], streams=["orders"])
        aside = [one for one in _recounted(plain_desk) if one.reported]
        assert aside
        assert all(one.set_aside == one.gap == one.reported for one in aside)
    vars(entity).pop("_decoder", None)
    assert {(one.gap, one.set_aside) for one in _recounted(plain_desk)} == {(0, 0)}


def _recounted(desk: Desk, **choice: object) -> list[DayCount]:
    asked = {"first": None, "last": None, **choice}
    shop = desk.shops[0].shop_name
    found = recount(desk.url, settings=desk.settings, shops=[shop], run_id="count", **asked)
    assert all(isinstance(one, DayCount) for one in found)
    return found


def test_a_flat_order_that_was_set_aside_is_replayed_in_its_own_dialect(plain_desk: Desk) -> None:
    shop = plain_desk.shops[0].shop_name
    entity = rest.ORDERS.listing.entity
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vars(entity), "_decoder", RecordDecoder(NoOrder))
        plain_desk.sync(shops=[shop], streams=["orders"])
    vars(entity).pop("_decoder", None)
    [(aside,)] = plain_desk.query("select count(*) from ops.dead_letters where resolved_at is null")
    assert aside > 0
    report = replay(plain_desk.url, settings=plain_desk.settings, run_id="again")
    assert {letter.fate for letter in report.letters} == {"landed"}
    assert report.failures == []
    assert plain_desk.query("select count(*) from raw_temu.orders") == [(aside,)]


PASSING: list[dict[str, object]] = [
    {"kind": "connection_reset", "count": 3},
    {"kind": "timeout", "count": 1, "seconds": 30},
    {"kind": "slow_body", "count": 2, "seconds": 0.1},
    {"kind": "truncated_json", "count": 3},
    {"kind": "http_502_html", "count": 3},
    {"kind": "http_error", "count": 3, "status": 504},
    {"kind": "http_error", "count": 3, "status": 429},
    {"kind": "throttle", "rate": 0.2},
    {"kind": "system_error", "count": 3},
    {"kind": "business_error", "count": 3},
    {"kind": "clock_skew", "seconds": 1000},
    {"kind": "clock_skew", "seconds": -1000},
    {"kind": "changed_total", "type": "/api/order/list", "count": 1},
    {"kind": "duplicate_rows", "type": "/api/order/list", "count": 1},
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: " ".join(str(value) for value in fault.values()))
def test_trouble_that_passes_leaves_the_tables_of_a_calm_reading(
    open_desk: Callable[..., Desk], gateway: Gateway, fault: dict[str, object]
) -> None:
    troubled, calm = (_plainly(open_desk(only=1), gateway) for _ in range(2))
    gateway.faults(fault)
    outcomes = troubled.sync()
    assert gateway.sandbox.faults.faults[0].hits > 0
    assert [one for one in outcomes if isinstance(one, SyncFailure)] == []
    gateway.faults()
    calm.sync()
    assert troubled.contents() == calm.contents()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "token_expired"}, "HTTP 401"),
        ({"kind": "token_revoked", "after": 1}, "HTTP 401"),
        ({"kind": "wrong_area"}, "HTTP 401"),
        ({"kind": "ip_not_whitelisted"}, "register this machine's outgoing address"),
        ({"kind": "no_api_access", "type": "/api/order/list"}, "HTTP 403"),
        ({"kind": "http_error", "status": 500}, "HTTP 500"),
    ],
    ids=lambda value: str(value["kind"]) if isinstance(value, dict) else "",
)
def test_trouble_that_stays_is_told_and_the_next_calm_reading_has_everything(
    open_desk: Callable[..., Desk], gateway: Gateway, fault: dict[str, object], words: str
) -> None:
    troubled, calm = (_plainly(open_desk(only=1), gateway) for _ in range(2))
    gateway.faults(fault)
    first = troubled.sync()[0]
    said = str(first.message if isinstance(first, SyncFailure) else first.forbidden)
    assert words in said
    assert troubled.shops[0].shop_name in said
    gateway.faults()
    assert [one for one in troubled.sync() if isinstance(one, SyncFailure)] == []
    calm.sync()
    assert troubled.contents() == calm.contents()


@pytest.mark.parametrize("kind", ["unknown_fields", "absent_nulls", "unknown_status", "retyped_field"])
def test_rows_that_came_spoilt_are_whole_after_the_next_reading(
    open_desk: Callable[..., Desk], gateway: Gateway, kind: str
) -> None:
    troubled, calm = (_plainly(open_desk(only=1), gateway) for _ in range(2))
    gateway.faults({"kind": kind, "type": "/api/order/list", "count": 1})
    troubled.sync()
    assert gateway.sandbox.faults.faults[0].hits == 1
    calm.sync()
    assert troubled.contents() != calm.contents()
    troubled.sync()
    versions = "order_versions"
    assert troubled.contents() | {versions: []} == calm.contents() | {versions: []}


def _plainly(desk: Desk, gateway: Gateway) -> Desk:
    """Speaks the other dialect, and is patient for two seconds."""
    desk.execute("update ops.shops set dialect = 'rest', gateway_url = %s", f"{gateway.url}/US")
    desk.settings = desk.settings.model_copy(update={"request_timeout_seconds": 2.0})
    return desk
