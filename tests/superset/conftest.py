"""The modules of superset/ are no package (it would hide Superset itself): tests import them from their folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser

from connectors.settings import PROJECT_ROOT
from orchestration.screens.browser import open_browser
from tests.superset.installation import Installation
from tests.superset.screens import one_value

SUPERSET = PROJECT_ROOT / "superset"


@pytest.fixture(scope="session")
def superset_modules() -> Iterator[None]:
    """While this is in force, `import bundle` and its neighbours work."""
    sys.path.insert(0, str(SUPERSET))
    yield
    sys.path.remove(str(SUPERSET))


@pytest.fixture(scope="session")
def assets(superset_modules: None) -> Any:
    """The parsed files of superset/assets."""
    from bundle import Assets

    return Assets.read(SUPERSET / "assets")


@pytest.fixture(scope="session")
def installation(postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Superset that was provisioned once; no mart exists."""
    url = postgres_server.create_database()
    one = Installation.prepare(postgres_server, url, tmp_path_factory.mktemp("superset") / "data")
    result = one.run("provision.py")
    assert result.returncode == 0, result.stderr[-3000:]
    yield one
    postgres_server.drop_database(url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as one:
        yield one


@pytest.fixture(scope="module")
def marts(demo_stack: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(demo_stack.database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def chosen(marts: psycopg.Connection) -> dict[str, Any]:
    """What the filters are set to: the shop and the manager who sold most, ten days, the month of the last one."""
    last: date = one_value(marts, "select max(date_day) from marts.dim_date where is_complete")
    shop = "select shop_name from marts.mart_gmv_daily group by 1 order by sum(gmv_cny) desc limit 1"
    month = one_value(marts, "select max(to_char(month_start, 'YYYY-MM')) from marts.mart_hot_seller_monthly")
    manager = (
        "select manager from marts.mart_hot_seller_monthly where to_char(month_start, 'YYYY-MM') = %(month)s "
        "and rank_gmv = 1"
    )
    values = {"shop": one_value(marts, shop), "first": last - timedelta(days=9), "last": last, "month": month}
    return values | {"manager": one_value(marts, manager, values)}
