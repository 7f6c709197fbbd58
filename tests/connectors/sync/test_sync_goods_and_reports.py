"""Goods, prices, stock, ads, statement files and second gateways, from the running sandbox into the raw tables."""

from __future__ import annotations

import hashlib

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox
from connectors.shop_gateways import ShopGateway, add_gateway
from connectors.shops import ShopCredentials
from connectors.sync import NotCounted, SyncFailure, SyncReport, check_shop, recount, refresh_orders
from connectors.temu.streams import STREAMS
from tests.connectors.sync.conftest import Desk, Gateway, open_second_gateways

GOODS = ["products", "supplier_prices", "sku_stocks", "goods", "price_orders"]
ADS = ["products", "ad_details", "ad_reports", "ad_goods_reports"]
PARTNER = ["partner_goods", "partner_prices", "partner_stocks", "partner_sales"]
US, DE, UK, SEMI = "Harbor Home US", "Nordlicht DE", "Thames Living UK", "Pacific Select US"


def _reports(outcomes: list[SyncReport | SyncFailure]) -> dict[tuple[str, str], SyncReport]:
    assert [one for one in outcomes if isinstance(one, SyncFailure)] == []
    return {(one.shop_name, one.stream): one for one in outcomes if isinstance(one, SyncReport)}


def test_goods_prices_and_stock_agree_with_the_sku_list_and_land_once(desk: Desk) -> None:
    reports = _reports(desk.sync(streams=GOODS))
    differing = desk.query(
        """
        select p.shop_id, p.sku_id from raw_temu.products p
        join raw_temu.sku_stocks s using (shop_id, sku_id)
        left join raw_temu.supplier_prices c using (shop_id, sku_id)
        where s.payload #>> '{selfOrdinaryStock,stock}' <> p.payload ->> 'stock'
            or c.payload #>> '{supplierPrice,amount}' <> p.payload ->> 'price'
        """
    )
    assert differing == []
    counts = "select count(*), count(distinct (shop_id, goods_id)) from raw_temu.products"
    [(skus, goods)] = desk.query(counts)
    assert desk.query("select count(*) from raw_temu.sku_stocks") == [(skus,)]
    assert desk.query("select count(*) from raw_temu.goods") == [(goods,)]
    assert desk.query("select count(*) > 0 from raw_temu.price_orders where status = 3") == [(True,)]
    for stream in ("supplier_prices", "price_orders"):
        assert "3000032" in str(reports[SEMI, stream].forbidden)
        assert reports[US, stream].forbidden is None
    again = _reports(desk.sync(streams=GOODS))
    assert all(one.inserted == one.updated == 0 for one in again.values())


def test_a_shop_whose_token_may_not_call_the_page_list_is_read_by_cursor(desk: Desk, gateway: Gateway) -> None:
    desk.sync(shops=[DE], streams=["products", "goods"])
    by_page = desk.query("select sku_id, goods_id, sku_code from raw_temu.products order by 1")
    goods = desk.query("select goods_id, goods_code from raw_temu.goods order by 1")
    desk.execute("truncate raw_temu.products, raw_temu.goods")
    revoked = ["bg.local.goods.sku.list.query", "bg.local.goods.list.query"]
    httpx.post(f"{gateway.url}/sandbox/tokens", json={"shop": DE, "revoke": revoked}).raise_for_status()
    reports = _reports(desk.sync(shops=[DE], streams=["products", "goods"]))
    assert desk.query("select sku_id, goods_id, sku_code from raw_temu.products order by 1") == by_page
    assert desk.query("select goods_id, goods_code from raw_temu.goods order by 1") == goods
    assert all(report.forbidden is None for report in reports.values())


def test_ads_are_read_by_local_day_and_skipped_where_the_agreement_is_not_signed(desk: Desk) -> None:
    reports = _reports(desk.sync(streams=ADS))
    for shop in (UK, SEMI):
        assert all("230016103" in str(reports[shop, stream].forbidden) for stream in ("ad_details", "ad_reports"))
        assert "agreement" in str(reports[shop, "ad_reports"].forbidden)
    days = dict(
        desk.query("select shop_name, count(*) from raw_temu.ad_reports join ops.shops s on s.id = shop_id group by 1")
    )
    assert days.keys() == {US, DE}
    assert set(days.values()) <= {29, 30}
    wrong = desk.query(
        """
        select a.shop_id, a.report_date from raw_temu.ad_reports a join ops.shops s on s.id = a.shop_id
        where to_timestamp((a.payload #>> '{reportsItemList,0,ts}')::bigint / 1000)
            <> a.report_date::timestamp at time zone coalesce(s.timezone,
                case s.region when 'US' then 'America/Los_Angeles' else 'Europe/Berlin' end)
        """
    )
    assert wrong == []
    whole_and_parts = desk.query(
        """
        select m.shop_id, m.report_date from raw_temu.ad_reports m
        join (
            select shop_id, report_date, sum((payload #>> '{reportInfo,summary,spend,ad,val}')::bigint) as spend
            from raw_temu.ad_goods_reports group by 1, 2
        ) g using (shop_id, report_date)
        where (m.payload #>> '{summary,spend,ad,val}')::bigint <> g.spend
        """
    )
    assert whole_and_parts == []
    assert desk.query("select count(*) > 0 from raw_temu.ad_goods_reports") == [(True,)]
    again = _reports(desk.sync(shops=[US], streams=["ad_reports"]))
    assert again[US, "ad_reports"].read == 7


@pytest.fixture
def grown(gateway: Gateway) -> None:
    """A world that is old enough for statements."""
    gateway.advance(days=40)


@pytest.mark.usefixtures("grown")
def test_statement_files_are_kept_whole_and_only_where_the_gateway_makes_them(desk: Desk) -> None:
    reports = _reports(desk.sync(streams=["bill_files"]))
    assert {shop for shop, _ in reports} == {DE, UK}
    files = desk.query("select payload ->> 'sha256', content, file_name, period_end from raw_temu.bill_files")
    assert len(files) >= 8
    for digest, content, name, _ in files:
        assert hashlib.sha256(bytes(content)).hexdigest() == digest
        assert bytes(content).startswith(b"\xef\xbb\xbfshop,")
        assert str(name).endswith(".csv")
    assert any(b"Nordlicht DE,ST-" in bytes(content) for _, content, _, _ in files)
    stored = desk.query("select payload::text from raw_temu.bill_files where payload::text like '%%key=%%'")
    assert stored == []
    again = _reports(desk.sync(streams=["bill_files"]))
    assert all(report.inserted == report.updated == 0 for report in again.values())


@pytest.mark.usefixtures("grown")
def test_a_statement_that_the_platform_fails_to_make_is_told_and_stops_no_other(desk: Desk, gateway: Gateway) -> None:
    gateway.faults({"kind": "task_timeout", "type": "temu.finance.mall.bill.task.get", "count": 1})
    [failure] = desk.sync(shops=[DE], streams=["bill_files"])
    assert isinstance(failure, SyncFailure)
    assert "TIME_OUT" in failure.message
    [(landed,)] = desk.query("select count(*) from raw_temu.bill_files")
    assert landed >= 3
    _reports(desk.sync(shops=[DE], streams=["bill_files"]))
    assert desk.query("select count(*) from raw_temu.bill_files") == [(landed + 1,)]


def test_a_cross_border_shop_is_read_on_its_second_gateways_by_its_own_app(desk: Desk, gateway: Gateway) -> None:
    assert desk.sync(streams=PARTNER) == []
    open_second_gateways(desk, gateway)
    reports = _reports(desk.sync(streams=["orders", *PARTNER], shops=[SEMI]))
    assert {stream for _, stream in reports} == {"orders", *PARTNER}
    unknown = desk.query(
        """
        select distinct product ->> 'productSkuId' from raw_temu.orders o
        cross join jsonb_array_elements(o.payload -> 'orderList') line
        cross join jsonb_array_elements(line -> 'productList') product
        except select product_sku_id::text from raw_temu.partner_prices
        """
    )
    assert unknown == []
    assert desk.query("select count(*) > 0 from raw_temu.partner_sales") == [(True,)]
    [(skcs, stocks)] = desk.query(
        "select (select count(*) from raw_temu.partner_goods), (select count(*) from raw_temu.partner_stocks)"
    )
    assert skcs == stocks > 0


def _goods_only(row: dict[str, object]) -> None:
    """The shop as it would be registered if its only token were the one of the partner gateway."""
    row.update(next((one for one in row["partner"] if one["gateway"] == "PARTNER"), {}))


def test_a_shop_of_the_partner_gateway_alone_is_read_for_its_goods_and_told_what_it_does_not_have(open_desk) -> None:
    desk = open_desk(change=_goods_only)
    outcomes = desk.sync(shops=[SEMI])
    assert [one for one in outcomes if isinstance(one, SyncFailure)] == []
    read = {one.stream for one in outcomes if not one.absent}
    assert read == {"partner_goods", "partner_prices", "partner_stocks"}
    assert {one.stream for one in outcomes} == set(STREAMS)
    assert {one.absent for one in outcomes if one.absent} == {"gateway PARTNER does not offer it"}
    assert desk.query("select count(*) > 0 from raw_temu.partner_stocks") == [(True,)]
    assert {stream for (stream,) in desk.query("select distinct stream from ops.sync_tasks")} == read


def test_such_a_shop_is_well_and_its_orders_are_neither_counted_nor_asked_for(open_desk) -> None:
    desk = open_desk(change=_goods_only)
    shop = next(one for one in desk.shops if one.shop_name == SEMI)
    check = check_shop(desk.url, settings=desk.settings, shop=SEMI)
    assert (check.is_well, check.missing) == (True, ())
    assert "orders" in check.absent
    assert "not available through PARTNER" in check.message
    asked = {"settings": desk.settings, "run_id": "r"}
    [told] = recount(desk.url, shops=[SEMI], first=None, last=None, **asked)
    assert isinstance(told, NotCounted)
    assert str(told).endswith("orders are not counted, gateway PARTNER does not offer it")
    with pytest.raises(ConfigurationError, match="has no orders"):
        refresh_orders(desk.url, temu_shop_id=shop.temu_shop_id, parent_order_sns=["PO-1"], **asked)


def test_the_end_of_the_token_of_a_second_gateway_is_noted(desk: Desk, gateway: Gateway) -> None:
    open_second_gateways(desk, gateway)
    desk.sync(streams=["orders"], shops=[SEMI])
    known = "select g.gateway from ops.shop_gateways g join ops.shops s on s.id = g.shop_id where s.shop_name = %s"
    assert ("PARTNER",) in desk.query(f"{known} and g.token_expires_at is not null", SEMI)


def test_a_refused_second_app_stops_its_own_streams_only(desk: Desk, gateway: Gateway) -> None:
    open_second_gateways(desk, gateway)
    desk.execute("update ops.shop_gateways set app_key = repeat('0', 32) where gateway = 'PARTNER'")
    outcomes = desk.sync(streams=["products", *PARTNER], shops=[SEMI])
    [failure] = [one for one in outcomes if isinstance(one, SyncFailure)]
    assert (failure.stream, failure.stopped) == ("partner_prices", ("partner_stocks",))
    assert "7000005" in failure.message
    read = {one.stream for one in outcomes if isinstance(one, SyncReport)}
    assert read == {"products", "partner_goods", "partner_sales"}


@pytest.mark.parametrize("stream", ["activity_candidates"])
def test_candidates_are_read_for_activities_that_have_not_ended(desk: Desk, stream: str) -> None:
    _reports(desk.sync(streams=["activities", stream]))
    ended = desk.query(
        """
        select c.activity_id from raw_temu.activity_candidates c join raw_temu.activities a using (shop_id, activity_id)
        where a.payload ->> 'activityStatus' = '3'
        """
    )
    assert ended == []
    assert desk.query("select count(*) > 0 from raw_temu.activity_candidates") == [(True,)]


def test_no_second_gateway_without_complete_credentials(desk: Desk) -> None:
    for change, word in (({"gateway": "US"}, "no second gateway"), ({"app_key": " x"}, "app_key")):
        given = {"gateway": "CN", "app_key": "k", "credentials": ShopCredentials(SecretStr("s"), SecretStr("t"))}
        with psycopg.connect(desk.url) as connection, pytest.raises(ConfigurationError, match=word):
            add_gateway(connection, SecretBox.open(desk.settings), desk.shops[0], ShopGateway(**given | change))
