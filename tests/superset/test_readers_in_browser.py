"""What each role sees on its screen, compared with SQL; that nothing else can be asked for is test_permissions.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from connectors.postgres.readers import replace_scope, scope_key
from orchestration.cli.bi import run_bi_script
from orchestration.cli.environment import superset_environment
from orchestration.dashboard_links import dashboard_path
from orchestration.screens.browser import published_dashboards, reader_page
from tests.superset.figures import cells, money, tile, whole
from tests.superset.screens import IN_A_BROWSER, one_value, open_screen

pytestmark = IN_A_BROWSER
PASSWORD = "a long word for tests"
COMPLETE = "select max(date_day) from marts.dim_date where is_complete"
LAST_30_DAYS = f"order_date > ({COMPLETE}) - 30 and order_date <= ({COMPLETE})"
UNKNOWN = {"—", ""}


@pytest.fixture(scope="module")
def readers(demo_stack: Any, chosen: dict[str, Any], marts: psycopg.Connection) -> None:
    """A reader of every role: one manager with the most sales, the owner of one shop."""
    shop_id = one_value(marts, "select shop_id from marts.dim_shop where shop_name = %(shop)s", chosen)
    wanted = [
        ("screen-manager", "manager", "manager", [chosen["manager"]]),
        ("screen-owner", "shop_owner", "shop", [str(shop_id)]),
        ("screen-operations", "operations", None, []),
        ("screen-finance", "finance", None, []),
    ]
    for username, _, kind, values in wanted:
        key = scope_key(demo_stack.settings, username)
        replace_scope(marts, key, username, kind, values)  # type: ignore[arg-type]
    people = [
        {"username": username, "password": PASSWORD, "group": group, "values": values}
        for username, group, _, values in wanted
    ]
    environment = superset_environment(demo_stack.settings, demo_stack.database_url)
    run_bi_script(environment, "users.py", question={"action": "add", "readers": people})


@contextmanager
def read_as(browser: Browser, stack: Any, username: str) -> Iterator[Page]:
    with reader_page(browser, stack.superset_url, username, PASSWORD, language="en") as page:
        yield page


def test_a_manager_sees_every_rank_but_only_own_amounts(
    browser: Browser, demo_stack: Any, readers: None, marts: psycopg.Connection, chosen: dict[str, Any]
) -> None:
    with read_as(browser, demo_stack, "screen-manager") as page:
        open_screen(page, dashboard_path("hot-sellers"))
        board = {row[0]: row for row in cells(page, "榜单 · Leaderboard")}
    query = "select gmv_cny from marts.mart_hot_seller_monthly where to_char(month_start, 'YYYY-MM') = %(month)s"
    own = one_value(marts, f"{query} and manager = %(manager)s", chosen)
    assert board[chosen["manager"]][3] == money(own)
    others = [row for manager, row in board.items() if manager != chosen["manager"]]
    assert others
    assert {row[3] for row in others} <= UNKNOWN


def test_a_shop_owner_sees_the_numbers_of_own_shops_only(
    browser: Browser, demo_stack: Any, readers: None, marts: psycopg.Connection, chosen: dict[str, Any]
) -> None:
    with read_as(browser, demo_stack, "screen-owner") as page:
        open_screen(page, dashboard_path("gmv"))
        told = tile(page, "订单 · Orders"), tile(page, "GMV")
    own = f"from marts.mart_gmv_daily where shop_name = %(shop)s and {LAST_30_DAYS}"
    assert told == (
        whole(one_value(marts, f"select sum(orders) {own}", chosen)),
        money(one_value(marts, f"select sum(gmv_cny) {own}", chosen)),
    )


def test_operations_see_sales_of_an_article_but_neither_its_cost_nor_its_profit(
    browser: Browser, demo_stack: Any, readers: None
) -> None:
    with read_as(browser, demo_stack, "screen-operations") as page:
        assert "finance" not in published_dashboards(page)
        open_screen(page, dashboard_path("sku"))
        head = page.locator("[data-test-chart-name='销量排行(当月) · Ranking, month'] thead th").all_inner_texts()
        rows = cells(page, "销量排行(当月) · Ranking, month")
    place = {name: head.index(title) for title in head for name in ("GMV (¥)", "Profit (¥)") if name in title}
    assert rows
    assert {row[place["Profit (¥)"]] for row in rows} <= UNKNOWN
    assert not {row[place["GMV (¥)"]] for row in rows} & UNKNOWN


def test_finance_sees_the_profit(browser: Browser, demo_stack: Any, readers: None, marts: psycopg.Connection) -> None:
    with read_as(browser, demo_stack, "screen-finance") as page:
        open_screen(page, dashboard_path("finance"))
        told = tile(page, "利润 · Profit")
    assert told == money(one_value(marts, f"select sum(profit_cny) from marts.mart_gmv_daily where {LAST_30_DAYS}"))
