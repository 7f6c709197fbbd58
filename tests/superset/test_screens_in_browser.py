"""What readers do with dashboards in a browser, compared with SQL: filters, links, downloads, languages, roles."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from playwright.sync_api import Browser, Page

from orchestration.dashboard_links import dashboard_path
from orchestration.screens.browser import DESKTOP, reader_page
from orchestration.screens.walk import wait_until_drawn
from tests.superset.figures import Write, cells, chart, money, percent, tile, whole
from tests.superset.screens import IN_A_BROWSER, one_value, open_screen

pytestmark = IN_A_BROWSER


@dataclass(frozen=True)
class Screen:
    """A dashboard with filters set, and what its tiles must say: title → (how it is written, SQL on the marts)."""

    dashboard: str
    filters: tuple[str, ...]
    tiles: Mapping[str, tuple[Write, str]]


# %(shop)s, %(first)s, %(last)s, %(month)s and %(manager)s are what the filters are set to.
DAYS = "from marts.mart_gmv_daily where shop_name = %(shop)s and order_date between %(first)s and %(last)s"
MONTH = (
    "from marts.mart_sku_ranking_monthly where to_char(month_start, 'YYYY-MM') = %(month)s and manager = %(manager)s"
)
PARCELS = "select count(*) from marts.fct_shipments where shop_name = %(shop)s and"
JUDGED = "from marts.mart_logistics_daily where shop_name = %(shop)s and order_date between %(first)s and %(last)s"
SALES = {
    "订单 · Orders": (whole, f"select sum(orders) {DAYS}"),
    "GMV": (money, f"select sum(gmv_cny) {DAYS}"),
    "利润 · Profit": (money, f"select sum(profit_cny) {DAYS}"),
}
SCREENS = [
    Screen(
        "executive",
        ("shop", "date_range"),
        {
            "订单量 · Orders": SALES["订单 · Orders"],
            "GMV": SALES["GMV"],
            "利润(已计成本) · Profit, costed lines": SALES["利润 · Profit"],
        },
    ),
    Screen(
        "gmv",
        ("shop", "date_range"),
        SALES | {"利润率 · Margin": (percent, f"select sum(profit_cny) / sum(costed_net_revenue_cny) {DAYS}")},
    ),
    Screen(
        "finance",
        ("shop", "date_range"),
        {
            "GMV": SALES["GMV"],
            "净收入 · Net revenue": (money, f"select sum(gmv_cny) - sum(refund_cny) {DAYS}"),
            "利润 · Profit": SALES["利润 · Profit"],
        },
    ),
    Screen(
        "sku",
        ("month", "manager"),
        {
            "动销SKU(当月) · SKUs sold, month": (whole, f"select count(*) {MONTH} and units_sold > 0"),
            "A类占比(当月) · A-class share, month": (
                percent,
                f"select sum(gmv_cny) filter (where abc_class = 'A') / sum(gmv_cny) {MONTH}",
            ),
            "断货SKU(现在) · Out of stock, now": (
                whole,
                "select count(*) from marts.mart_stock_alerts where manager = %(manager)s and level = 'out_of_stock'",
            ),
        },
    ),
    Screen(
        "orders",
        ("shop", "date_range"),
        {
            "订单 · Orders": SALES["订单 · Orders"],
            "待发货 · To ship": (whole, f"{PARCELS} is_to_ship"),
            "已签收 · Delivered": (
                whole,
                f"{PARCELS} is_delivered and order_date between %(first)s and %(last)s",
            ),
            "未关闭预警 · Open alerts": (
                whole,
                "select count(*) from marts.mart_order_alerts where shop_name = %(shop)s and status = 'open'",
            ),
        },
    ),
    Screen(
        "logistics",
        ("shop", "date_range"),
        {
            "在途 · In transit": (whole, f"{PARCELS} is_shipped and not is_delivered"),
            "延迟发货率 · Late-ship rate": (
                percent,
                f"select sum(late_parcels + overdue_unshipped_parcels)::numeric / sum(judged_parcels) {JUDGED}",
            ),
            "异常 · Exceptions": (whole, f"{PARCELS} exception_reason is not null"),
        },
    ),
]


@pytest.fixture(scope="module")
def page(browser: Browser, demo_stack: Any) -> Iterator[Page]:
    """The admin's page; one login for all tests of this module."""
    with reader_page(browser, demo_stack.superset_url, demo_stack.user, demo_stack.password, language="en") as one:
        yield one


def as_filters(names: tuple[str, ...], chosen: Mapping[str, Any]) -> dict[str, list[str]]:
    """The values of these filters, as an address carries them."""
    days = f"{chosen['first']} : {chosen['last'] + timedelta(days=1)}"
    return {name: [days if name == "date_range" else str(chosen[name])] for name in names}


@pytest.mark.parametrize("screen", SCREENS, ids=lambda one: one.dashboard)
def test_a_filtered_dashboard_says_what_sql_says(
    screen: Screen, page: Page, marts: psycopg.Connection, chosen: dict[str, Any]
) -> None:
    expected = {title: write(one_value(marts, query, chosen)) for title, (write, query) in screen.tiles.items()}
    open_screen(page, dashboard_path(screen.dashboard, as_filters(screen.filters, chosen)))
    assert {title: tile(page, title) for title in screen.tiles} == expected


def test_a_filter_changed_in_the_bar_changes_the_numbers(
    page: Page, marts: psycopg.Connection, chosen: dict[str, Any]
) -> None:
    region = one_value(marts, "select region from marts.dim_shop where shop_name = %(shop)s", chosen)
    values = chosen | {"region": region}
    last_month = (
        "from marts.mart_gmv_daily where region = %(region)s and order_date between %(last)s::date - 29 and %(last)s"
    )
    open_screen(page, dashboard_path("gmv"))
    before = tile(page, "GMV")
    choose(page, "区域 · Region", region)
    page.locator("[data-test='filter-bar__apply-button']").click()
    page.wait_for_function(
        "([title, old]) => !document.querySelector(`[data-test-chart-name='${title}']`).innerText.includes(old)",
        arg=["GMV", before],
    )
    wait_until_drawn(page)
    assert tile(page, "GMV") == money(one_value(marts, f"select sum(gmv_cny) {last_month}", values))
    assert tile(page, "订单 · Orders") == whole(one_value(marts, f"select sum(orders) {last_month}", values))


def choose(page: Page, filter_name: str, value: str) -> None:
    """Pick a value of a filter in the bar."""
    name = page.locator("[data-test='filter-control-name']", has_text=filter_name)
    page.locator(".ant-form-item:visible", has=name).get_by_role("combobox").click()
    page.locator(".ant-select-dropdown:visible").get_by_title(value, exact=True).click()


def test_a_link_in_a_table_opens_its_dashboard_with_the_filter_set(
    page: Page, marts: psycopg.Connection, chosen: dict[str, Any]
) -> None:
    open_screen(page, dashboard_path("orders"))
    page.get_by_role("tab", name="预警 · Alerts").click()
    wait_until_drawn(page)
    link = chart(page, "预警榜 · Alerts").locator("tbody a").first
    order = link.inner_text()
    page.goto(str(link.get_attribute("href")))
    wait_until_drawn(page)
    found = {row[1] for row in cells(page, "订单明细 · Order lines")}
    expected = marts.execute(
        "select distinct parent_order_sn from marts.fct_order_lines_costed where %s in (parent_order_sn, order_sn)",
        [order],
    )
    assert found == {row[0] for row in expected} != set()


@pytest.mark.parametrize("kind", ["CSV", "Excel"])
def test_a_table_that_is_downloaded_holds_what_sql_says(
    kind: str, page: Page, marts: psycopg.Connection, chosen: dict[str, Any], tmp_path: Path
) -> None:
    open_screen(page, dashboard_path("gmv", as_filters(("shop", "date_range"), chosen)))
    page.get_by_role("tab", name="GMV表 · GMV table").click()
    wait_until_drawn(page)
    table = downloaded(page, "GMV表(日) · GMV by day", kind, tmp_path)
    days = marts.execute(f"select order_date, orders, units_sold, gmv_cny, profit_cny {DAYS} order by 1 desc", chosen)
    names = ["日期 Date", "订单 Orders", "销量 Units", "GMV (¥)", "利润 Profit (¥)"]
    rows = [(str(row[names[0]])[:10], *(Decimal(str(row[name])) for name in names[1:])) for row in table]
    assert rows == [(str(day), *map(Decimal, numbers)) for day, *numbers in days]


def downloaded(page: Page, title: str, kind: str, folder: Path) -> list[dict[str, Any]]:
    """The rows of the file that a reader gets from the chart's menu."""
    chart(page, title).get_by_role("button", name="More Options").click()
    page.get_by_text("Download", exact=True).hover()
    with page.expect_download() as download:
        page.get_by_text(f"Export to {'.CSV' if kind == 'CSV' else 'Excel'}", exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    path = _unpacked(path)
    table = pl.read_csv(path, infer_schema=False) if kind == "CSV" else pl.read_excel(path)
    return table.to_dicts()


def _unpacked(path: Path) -> Path:
    """A table with totals comes as an archive of two files, the rows first."""
    if path.suffix != ".zip" and not zipfile.is_zipfile(path):
        return path
    with zipfile.ZipFile(path) as archive:
        tables = [name for name in archive.namelist() if name.endswith((".csv", ".xlsx"))]
        return Path(archive.extract(tables[0], path.parent / "unpacked")) if tables else path


@pytest.mark.parametrize(("width", "height", "least"), [(390, 844, 80), (1366, 768, 150)], ids=["phone", "laptop"])
def test_tiles_stay_readable_and_the_charts_never_push_the_page_sideways(
    width: int, height: int, least: int, page: Page
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    open_screen(page, dashboard_path("gmv"))
    box = chart(page, "GMV").bounding_box()
    assert box is not None
    assert box["width"] >= least
    assert box["x"] + box["width"] <= width
    assert page.evaluate("document.querySelector('.dashboard-content').getBoundingClientRect().right") <= width
    page.set_viewport_size(DESKTOP)
