"""No sample and no stream is left out of staging: where its money and times are in our units, or why it has none.

Which amounts and instants they are is told, by hand, in `test_staging_reads_samples`, `…_goods_samples`, `…_goods` and
`…_ad_reports`; what cannot be read is reported with the words of the platform.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.settings import PROJECT_ROOT
from connectors.temu.streams import STREAMS
from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import Landing, at

FIXTURES = Path(__file__).parents[1] / "fixtures" / "temu"
STAGING = PROJECT_ROOT / "dbt_project" / "models" / "staging" / "temu"
LEGIBLE = "w_money_and_times_are_legible"

READ = {
    "bg.order.list.v2.get.page1": "orders",
    "bg.order.list.v2.get.page2": "orders",
    "bg.order.list.v2.get.eu": "orders export_values",
    "order.multi-child-parent": "orders",
    "order.cancelled": "orders",
    "order.partially-refunded": "orders",
    "order.status-mismatch-parent-child": "orders",
    "order.unknown-extra-fields": "orders",
    "bg.order.detail.v2.get": "orders",
    "bg.order.amount.query": "orders order_charges",
    "bg.order.amount.query.cancelled": "orders",
    "bg.order.amount.query.partial-refund": "orders refunds",
    "temu.order.amount.v2.query": "orders order_charges",
    "temu.order.amount.v3.query": "orders order_charges",
    "seed-dialect.order-list": "orders",
    "bg.logistics.shipment.v2.get": "shipments",
    "temu.track.trackinginfo.get": "tracking_events shipments",
    "bg.aftersales.parentaftersales.list.get": "refunds buyer_refunds",
    "temu.aftersales.parentaftersales.detail.get": "buyer_refunds buyer_claims",
    "bg.aftersales.aftersales.list.get": "refunds",
    "bg.aftersales.parentreturnorder.get": "refunds",
    "bg.aftersales.cancel.list.get": "cancellations",
    "bg.local.goods.list.query": "goods",
    "temu.local.goods.list.retrieve.page1": "goods",
    "temu.local.goods.list.retrieve.page2-last": "goods",
    "bg.local.goods.sku.list.query": "products retail_prices price_snapshots",
    "bg.local.goods.sku.list.query.inactive": "products retail_prices",
    "temu.local.sku.list.retrieve": "products retail_prices",
    "seed-dialect.product-list": "products",
    "bg.local.goods.sku.list.price.query": "products price_snapshots",
    "temu.local.goods.sku.stock.query": "products",
    "bg.local.goods.priceorder.query": "price_orders",
    "bg.glo.goods.list.get": "partner_goods",
    "bg.promotion.activity.query": "activities",
    "bg.promotion.activity.goods.query": "activity_items",
    "bg.promotion.activity.candidate.goods.query": "activity_candidates",
    "seed-dialect.activity-list": "activities",
    "temu.searchrec.ad.detail.query": "ad_states",
    "temu.searchrec.ad.reports.mall.query": "ad_reports",
    "temu.searchrec.ad.reports.goods.query": "ad_goods_reports",
    "temu.finance.mall.bill.task.get.done": "bill_files",
}
"""Sample: the relations of staging that hold its money or times."""

UNREAD = {
    "bg.local.goods.detail.query": "no stream asks for it",
    "temu.local.goods.recommendedprice.query": "no stream asks for it",
    "temu.pay.tax.apply.export.report": "no stream asks for it",
    "temu.pay.tax.invoice.info.query": "no stream asks for it",
    "temu.pay.tax.merchant.report.download": "no stream asks for it",
    "bg.order.shippinginfo.v2.get": "personal data are never asked for",
    "bg.order.shippinginfo.v2.get.restricted": "personal data are never asked for",
    "bg.promotion.activity.goods.operation.query": "writes are never made",
    "bg.tmc.message.update": "an answer to a subscription",
    "bg.open.accesstoken.create": "a credential: the expiry is a column of ops.shops",
    "bg.open.accesstoken.info.get": "a credential: the expiry is a column of ops.shops",
    "temu.finance.mall.bill.task.create": "a state of a task on the way to its file",
    "temu.finance.mall.bill.task.get.pending": "a state of a task on the way to its file",
    "temu.finance.mall.bill.task.get.timeout": "a state of a task on the way to its file",
    "bg.order.unshipped.package.get": "neither money nor times",
    "bg.logistics.companies.get": "neither money nor times",
    "bg.logistics.warehouse.list.get": "neither money nor times",
    "bg.order.list.v2.get.page3-empty": "no record",
    "bg.local.goods.list.query.empty": "no record",
    "success-with-inner-failure": "no record",
    "success-without-result": "no record",
}
NEITHER_MONEY_NOR_TIMES = {"unshipped_packages", "warehouses", "partner_stocks", "partner_sales"}
"""Raw tables that no model has to read."""


def _sql() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in STAGING.rglob("*.sql")}


def test_every_sample_is_read_by_staging_or_says_why_not() -> None:
    samples = {path.stem for path in FIXTURES.glob("*.json") if not path.stem.startswith("error.")}
    assert samples == READ.keys() | UNREAD.keys()
    assert READ.keys() & UNREAD.keys() == set()
    named = {f"stg_temu__{name}" for names in READ.values() for name in names.split()}
    assert named - _sql().keys() == set()


def test_every_raw_table_with_money_or_times_is_read_by_staging() -> None:
    landed = {table for stream in STREAMS.values() for table in stream.tables}
    read = {table for sql in _sql().values() for table in re.findall(r"'raw_temu', '(\w+)'|unpacking\('(\w+)'", sql)}
    assert landed - {name for pair in read for name in pair} == NEITHER_MONEY_NOR_TIMES


@pytest.fixture
def landing(warehouse: Warehouse) -> Landing:
    return Landing(warehouse)


def test_what_is_no_amount_and_no_time_is_unknown_and_reported_in_the_words_of_the_platform(landing: Landing) -> None:
    warehouse = landing.warehouse
    bad = {
        "price": "12,50",
        "currency": "USD",
        "crtTime": "yesterday",
        "goodsStatusChangeTime": "soon",
        "marketPrice": "?",
    }
    landing.land("goods", bad, goods_id=1)
    landing.land("goods", {"price": "1.00", "crtTime": 0, "goodsStatusChangeTime": "", "listPrice": None}, goods_id=2)
    landing.land(
        "activity_candidates",
        {"skuList": [{"skuId": 5, "recommendActivitySupplierPrice": "cheap"}]},
        activity_id=1,
        goods_id=9,
    )
    landing.land("cancellations", {"afterSalesInfoList": [{"createAtMillis": "x"}]}, parent_after_sales_sn="PA-1")
    warehouse.dbt("run", "--select", "stg_temu__goods")
    [one, _] = warehouse.rows("select * from staging.stg_temu__goods order by goods_id")
    assert {one[n] for n in ("supply_price", "market_price", "listed_at", "status_changed_at")} == {None}
    assert (one["currency"], one["updated_at"]) == ("USD", at(1767916800))
    [verdict] = [one for one in warehouse.dbt("test", "--select", LEGIBLE) if one.node.name == LEGIBLE]
    assert str(verdict.status) == "warn"
    told = {tuple(row.values()) for row in warehouse.rows(verdict.node.compiled_code)}
    warehouse.execute("truncate raw_temu.goods, raw_temu.activity_candidates, raw_temu.cancellations")
    assert told == {
        ("goods", 1, "1", "{price}", "12,50"),
        ("goods", 1, "1", "{marketPrice}", "?"),
        ("goods", 1, "1", "{crtTime}", "yesterday"),
        ("goods", 1, "1", "{goodsStatusChangeTime}", "soon"),
        ("activity_candidates", 1, "9", "{recommendActivitySupplierPrice}", "cheap"),
        ("cancellations", 1, "PA-1", "{createAtMillis}", "x"),
    }
