"""A link column is an anchor whose address survives any value, and whose text is never HTML of somebody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.settings import PROJECT_ROOT
from orchestration.dashboard_links import dashboard_path

DATASET = {
    "table_name": "lines",
    "columns": [
        {"column_name": "sku_code"},
        {"column_name": "order_date"},
        {"column_name": "sku_label", "expression": "COALESCE(sku_code, '?')"},
    ],
}
LINK = {"text": "sku_label", "dashboard": "orders", "filters": {"sku": "sku_code", "date_range": "order_date"}}
STATE = re.compile(
    r"^/superset/dashboard/orders/\?native_filters=\("
    r"NATIVE_FILTER-sku:\(id:NATIVE_FILTER-sku,extraFormData:\(filters:!\(\(col:sku_code,op:IN,val:!\('(.*)'\)\)\)\),"
    r"filterState:\(value:!\('(.*)'\)\),ownState:\(\)\),"
    r"NATIVE_FILTER-date_range:\(id:NATIVE_FILTER-date_range,extraFormData:\(time_range:'(.*)'\),"
    r"filterState:\(value:'(.*)'\),ownState:\(\)\)\)$",
    re.DOTALL,
)


class Anchors(HTMLParser):
    """Collects tags, addresses and text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def anchor(postgres_server: Any, assets: Any) -> Iterator[Any]:
    """SKU code → the cell of its link column, computed by Postgres."""
    from links import link_expression

    expression = link_expression(LINK, DATASET, assets.filters_by_name).replace("%", "%%")
    query = f"select {expression} from (values (%s::text, date '2026-02-28')) as t (sku_code, order_date)"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        yield lambda sku: connection.execute(query, [sku]).fetchone()[0]


@given(sku=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
@hypothesis_settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_comes_back_from_the_address_and_opens_no_tag(anchor: Any, sku: str) -> None:
    parsed = Anchors(anchor(sku))
    [(tag, attributes)] = parsed.tags
    assert tag == "a"
    [(name, address)] = attributes
    assert name == "href"
    assert address is not None
    assert unquote(address) == unquote(
        dashboard_path("orders", {"sku": [sku], "date_range": ["2026-02-28 : 2026-03-01"]})
    )
    state = STATE.match(unquote(address))
    assert state is not None
    assert [re.sub("!(.)", r"\1", one) for one in state.groups()[:2]] == [sku, sku]
    assert state.groups()[2:] == ("2026-02-28 : 2026-03-01",) * 2
    assert parsed.text.replace("\r\n", "\n").replace("\r", "\n") == sku.replace("\r\n", "\n").replace("\r", "\n")


def test_a_value_that_is_unknown_leaves_out_its_filter_alone(anchor: Any) -> None:
    parsed = Anchors(anchor(None))
    assert parsed.text == "?"
    [(_, [(_, address)])] = parsed.tags
    assert unquote(str(address)) == unquote(dashboard_path("orders", {"date_range": ["2026-02-28 : 2026-03-01"]}))


def test_a_row_that_knows_no_dashboard_has_its_text_and_no_link(postgres_server: Any, assets: Any) -> None:
    from links import link_expression

    dataset = DATASET | {"columns": [*DATASET["columns"], {"column_name": "room"}]}
    link = LINK | {"dashboard": {"column": "room", "of": ["orders"]}}
    expression = link_expression(link, dataset, assets.filters_by_name).replace("%", "%%")
    query = f"select {expression} from (values ('A', date '2026-02-28', null::text)) as t (sku_code, order_date, room)"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        assert connection.execute(query).fetchall() == [("<a>A</a>",)]


def test_hostile_text_stays_text(anchor: Any) -> None:
    html = anchor("\"><script>alert('x')</script>")
    assert "<script" not in html
    assert html.count("<") == 2


def test_links_of_the_files_name_dashboards_filters_and_columns_that_exist(assets: Any) -> None:
    from links import link_expression

    slugs = {one["slug"] for one in assets.dashboards.values()}
    for slug, dataset in assets.datasets.items():
        for column in dataset["columns"]:
            if "link" in column:
                assert link_expression(column["link"], dataset, assets.filters_by_name)
                for target in targets_of(column["link"]):
                    assert target in slugs, f"{slug}.{column['column_name']} leads to {target}"
                    shown = next(one for one in assets.dashboards.values() if one["slug"] == target)
                    assert set(column["link"]["filters"]) <= set(shown["filters"]), f"{target} lacks a filter"


def targets_of(link: dict[str, Any]) -> list[str]:
    """The dashboards that a link may lead to."""
    target = link["dashboard"]
    return list(target["of"]) if isinstance(target, dict) else [target]


def test_a_row_that_knows_its_dashboard_leads_there(postgres_server: Any, assets: Any) -> None:
    from links import link_expression

    dataset = DATASET | {"columns": [*DATASET["columns"], {"column_name": "room"}]}
    link = LINK | {"dashboard": {"column": "room", "of": ["orders", "sku"]}}
    expression = link_expression(link, dataset, assets.filters_by_name).replace("%", "%%")
    query = f"select {expression} from (values ('A', date '2026-02-28', 'sku')) as t (sku_code, order_date, room)"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        [(cell,)] = connection.execute(query).fetchall()
    assert Anchors(cell).tags[0][1][0][1].startswith("/superset/dashboard/sku/?native_filters=(")


def test_every_kind_of_open_alert_leads_to_a_dashboard_that_its_link_names(assets: Any) -> None:
    model = (PROJECT_ROOT / "dbt_project/models/marts/alerts/view_attention_list.sql").read_text(encoding="utf-8")
    columns = {one["column_name"]: one for one in assets.datasets["view_attention_list"]["columns"]}
    written = set(re.findall(r"'([\w-]+)' as dashboard", model))
    assert written
    assert written == set(targets_of(columns["attention_link"]["link"]))
