"""Single records on demand: an order with its cases and money, some products; what became of each name is kept."""

from __future__ import annotations

import httpx
import psycopg
import pytest

from connectors.errors import OmniError
from connectors.sync import refresh_orders, refresh_products

ITEMS = "select item_key, stream, status from ops.sync_logs where run_id = %s order by 1"


@pytest.fixture
def shop(desk):
    """One read shop."""
    desk.sync(shops=[desk.shops[0].shop_name])
    return desk.shops[0]


def case_after(desk, gateway, shop) -> tuple[str, str, int]:
    """A case of the shop that changes while time passes, as the platform then tells it."""
    before = dict(
        desk.query("select parent_after_sales_sn, status from raw_temu.after_sales where shop_id = %s", shop.id)
    )
    for _ in range(40):
        gateway.advance(hours=6)
        now = gateway.sandbox.now()
        for order, case in gateway.sandbox.world.shop(shop.temu_shop_id).cases.values():
            step = case.step_at(now)
            if step and before.get(case.sn) != step[1] and step[1] == 5:
                return order.sn, case.sn, step[1]
    pytest.fail("no case moved in ten days")


def test_a_refreshed_order_brings_its_after_sales_case_and_its_money(desk, gateway, shop):
    order, case, status = case_after(desk, gateway, shop)
    report = refresh_orders(
        desk.url, settings=desk.settings, temu_shop_id=shop.temu_shop_id, parent_order_sns=[order], run_id="r"
    )
    assert (report.stream, report.mode, report.read) == ("orders", "refresh", 1)
    assert desk.query("select status from raw_temu.after_sales where parent_after_sales_sn = %s", case) == [(status,)]
    details = "select source_updated_at from raw_temu.after_sales_details where parent_after_sales_sn = %s"
    cases = "select source_updated_at from raw_temu.after_sales where parent_after_sales_sn = %s"
    assert desk.query(details, case) == desk.query(cases, case)
    amounts = "select source_updated_at >= (%s::timestamptz) from raw_temu.order_amounts where parent_order_sn = %s"
    assert desk.query(amounts, desk.query(cases, case)[0][0], order) == [(True,)]


def test_a_refreshed_order_brings_its_cancellation(desk, gateway, shop):
    cancelled = desk.query(
        "select o.parent_order_sn from raw_temu.orders o where shop_id = %s and status = 3 order by 1 limit 1", shop.id
    )[0][0]
    with psycopg.connect(desk.url) as conn:
        conn.execute("delete from raw_temu.cancellations where shop_id = %s", [shop.id])
    refresh_orders(
        desk.url, settings=desk.settings, temu_shop_id=shop.temu_shop_id, parent_order_sns=[cancelled], run_id="r"
    )
    lines = "jsonb_array_elements(payload -> 'afterSalesInfoList')"
    found = desk.query(
        f"select distinct {lines} ->> 'parentOrderSn' from raw_temu.cancellations where shop_id = %s", shop.id
    )
    assert found == [(cancelled,)]


def test_each_named_order_is_told_as_read_or_absent(desk, shop):
    known = desk.query("select parent_order_sn from raw_temu.orders where shop_id = %s limit 2", shop.id)
    names = sorted(row[0] for row in known)
    refresh_orders(
        desk.url, settings=desk.settings, temu_shop_id=shop.temu_shop_id, run_id="r",
        parent_order_sns=[*names, "PO-211-99999999999999999", names[0]],
    )  # fmt: skip
    told = {key: status for key, stream, status in desk.query(ITEMS, "r") if stream == "orders"}
    assert told == {names[0]: "ok", names[1]: "ok", "PO-211-99999999999999999": "absent"}
    tasks = desk.query("select count(*) from ops.sync_logs l join ops.sync_tasks t on t.id = l.task_id")
    assert tasks == [(3,)]


def test_a_refresh_that_fails_says_so_for_each_name(desk, gateway, shop):
    httpx.post(f"{gateway.url}/sandbox/tokens", json={"shop": shop.temu_shop_id, "expire": True}).raise_for_status()
    with pytest.raises(OmniError):
        refresh_orders(
            desk.url, settings=desk.settings, temu_shop_id=shop.temu_shop_id, parent_order_sns=["PO-1"], run_id="r"
        )
    assert desk.query(ITEMS, "r") == [("PO-1", "orders", "failed")]


def test_refreshed_products_show_their_stock_of_now_and_other_products_are_left_alone(desk, gateway, shop):
    rows = desk.query(
        "select goods_id, count(*) from raw_temu.products where shop_id = %s group by 1 order by 1", shop.id
    )
    (goods, skus), other = rows[0], rows[1][0]
    stamp = "select max(source_updated_at) from raw_temu.products where goods_id = %s"
    before, before_other = desk.query(stamp, goods), desk.query(stamp, other)
    gateway.advance(days=1)
    report = refresh_products(
        desk.url, settings=desk.settings, temu_shop_id=shop.temu_shop_id, goods_ids=[goods, 42], run_id="r"
    )
    assert report.read == skus
    assert desk.query(stamp, goods) > before
    assert desk.query(stamp, other) == before_other
    told = {key: status for key, _, status in desk.query(ITEMS, "r")}
    assert told == {str(goods): "ok", "42": "absent"}


PAGES, CURSOR = "bg.local.goods.sku.list.query", "temu.local.sku.list.retrieve"


def revoke(gateway, shop, *operations: str) -> None:
    httpx.post(
        f"{gateway.url}/sandbox/tokens", json={"shop": shop.temu_shop_id, "revoke": operations}
    ).raise_for_status()


def refresh_first_product(desk, gateway, shop) -> dict[str, str]:
    """What is told of the shop's first product a day later."""
    [(goods,)] = desk.query("select min(goods_id) from raw_temu.products where shop_id = %s", shop.id)
    gateway.advance(days=1)
    refresh_products(desk.url, settings=desk.settings, temu_shop_id=shop.temu_shop_id, goods_ids=[goods], run_id="r")
    return {key: status for key, _, status in desk.query(ITEMS, "r") if key == str(goods)}


def test_a_product_is_refreshed_by_cursor_where_the_token_may_not_call_the_page_list(desk, gateway, shop):
    stamps = "select max(source_updated_at) from raw_temu.products where shop_id = %s"
    before = desk.query(stamps, shop.id)
    revoke(gateway, shop, PAGES)
    assert list(refresh_first_product(desk, gateway, shop).values()) == ["ok"]
    assert desk.query(stamps, shop.id) > before


def test_a_product_that_could_not_be_read_is_not_called_read(desk, gateway, shop):
    revoke(gateway, shop, PAGES, CURSOR)
    assert list(refresh_first_product(desk, gateway, shop).values()) == ["failed"]
