"""The ledger of a shop of the simplified interface: counted like others, and without answers that it cannot give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.completeness.days import business_day, window_of_business_day
from connectors.completeness.ledger import Cause
from orchestration.transform.ledger_counts import read_ledger
from tests.orchestration.registered import Registered


def test_flat_orders_are_counted_and_want_no_answers_that_their_interface_does_not_give(registered: Registered) -> None:
    shop, day = registered.shops[0], business_day(datetime.now(UTC)) - timedelta(days=2)
    registered.execute("update ops.shops set dialect = 'rest' where id = %s", shop.id)
    for number, status in enumerate((None, 2)):  # what landed before the dialect was changed keeps its status
        registered.execute(
            "insert into raw_temu.orders (shop_id, parent_order_sn, status, order_time, source_updated_at, payload,"
            " payload_hash, run_id) values (%s, %s, %s, %s, now(), '{\"order_sn\": \"S\"}', 'h', 'r')",
            shop.id, f"S-{number}", status, window_of_business_day(day).start,
        )  # fmt: skip
    count = "insert into ops.platform_counts values (%s, %s, 3, now() + interval '1 minute', 'r', 'orders')"
    registered.execute(count, shop.id, day)
    lines = {one.stream: one for one in read_ledger(registered.url, first=day, last=day) if one.day == day}
    assert (lines["orders"].reported, lines["orders"].landed, lines["orders"].unexplained) == (3, 2, 1)
    assert lines["order_amounts"].causes == {Cause.NOT_OFFERED: 2}
    assert all(line.balances for stream, line in lines.items() if stream != "orders")
