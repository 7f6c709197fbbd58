"""Who sees what, proved from outside: readers of every role go through Superset's API and are compared with SQL.

Chart data, CSV and XLSX exports, samples behind drill-to-detail, values of filters, answers from the cache, lists.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl
import psycopg
import pytest

from connectors.postgres.readers import replace_scope, scope_key
from orchestration.cli.bi import run_bi_script
from tests.superset.installation import Installation, Reader

pytestmark = pytest.mark.services
PASSWORD = "a long word for tests"
READERS = {
    "fin": ("finance", [], []),
    "ops": ("operations", [], []),
    "kim": ("manager", ["kim"], []),
    "d'arc": ("manager", ["d'arc"], []),
    "owner": ("shop_owner", [], ["2"]),
}
LINES = [
    {"order_line_key": "L1", "manager": "kim", "shop_id": 1, "sku_code": "A", "gmv_cny": 10, "unit_cost_cny": 4},
    {"order_line_key": "L2", "manager": "lee", "shop_id": 2, "sku_code": "B", "gmv_cny": 20, "unit_cost_cny": 5},
    {"order_line_key": "L3", "manager": "d'arc", "shop_id": 2, "sku_code": "C", "gmv_cny": 40, "unit_cost_cny": 6},
]
COSTS = {"unit_cost_cny": 0, "cogs_cny": 3, "gross_profit_cny": 2, "profit_cny": 1, "profit_est_cny": 1}
RANKS = [
    {"month_start": "2026-03-01", "manager": "kim", "gmv_cny": 10, "rank_gmv": 3},
    {"month_start": "2026-03-01", "manager": "lee", "gmv_cny": 20, "rank_gmv": 2},
    {"month_start": "2026-03-01", "manager": "d'arc", "gmv_cny": 40, "rank_gmv": 1},
]
DAILY = [
    {"order_date": "2026-03-01", "shop_id": 1, "shop_name": "One", "gmv_cny": 10, "profit_cny": 3},
    {"order_date": "2026-03-01", "shop_id": 2, "shop_name": "Two", "gmv_cny": 60, "profit_cny": 8},
]
MONTHLY = [{"month_start": "2026-03-01", "month_label": "2026-03", "shop_id": 1, "manager": "kim", "sku_code": "A"}]
MARTS = (
    "fct_order_lines_costed",
    "mart_hot_seller_monthly",
    "mart_gmv_daily",
    "mart_sku_monthly_by_manager",
    "dim_shop",
)
SHOPS = [{"shop_id": 1, "shop_name": "One"}, {"shop_id": 2, "shop_name": "Two"}]


@pytest.fixture(scope="module")
def address(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Superset with five marts and a reader of every role."""
    dated = [line | COSTS | {"order_date": "2026-03-01", "unit_cost_cny": line["unit_cost_cny"]} for line in LINES]
    installation.make_mart("fct_order_lines_costed", dated)
    installation.make_mart("mart_hot_seller_monthly", RANKS)
    installation.make_mart("mart_gmv_daily", DAILY)
    installation.make_mart("mart_sku_monthly_by_manager", MONTHLY)
    installation.make_mart("dim_shop", SHOPS)
    installation.fence_marts(tmp_path_factory.mktemp("dbt"))
    add_readers(installation)
    with installation.served() as url:
        yield url
    with psycopg.connect(installation.url, autocommit=True) as connection:
        for mart in MARTS:
            connection.execute(f"drop table marts.{mart} cascade")


def add_readers(installation: Installation) -> None:
    wanted = []
    with psycopg.connect(installation.url) as connection:
        for username, (group, managers, shops) in READERS.items():
            kind: Any = "manager" if managers else "shop" if shops else None
            key = scope_key(installation.settings, username)
            replace_scope(connection, key, username, kind, managers or shops)
            wanted.append({"username": username, "password": PASSWORD, "group": group, "values": managers or shops})
    run_bi_script(installation.environment, "users.py", question={"action": "add", "readers": wanted})


@pytest.fixture(scope="module")
def readers(address: str) -> dict[str, Reader]:
    return {name: Reader.log_in(address, name, PASSWORD) for name in READERS}


@pytest.fixture(scope="module")
def admin(address: str, installation: Installation) -> Reader:
    return Reader.log_in(address, "admin", installation.environment["OMNI_SUPERSET_ADMIN_PASSWORD"])


@pytest.fixture(scope="module")
def datasets(admin: Reader) -> dict[str, int]:
    found = admin.get("/api/v1/dataset/?q=(page_size:100)").json()["result"]
    return {one["table_name"]: one["id"] for one in found}


def data(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return answer.json()["result"][0]["data"]


def test_words_link_only_to_dashboards_that_the_reader_may_open(
    readers: dict[str, Reader], datasets: dict[str, int]
) -> None:
    shown = {
        name: data(readers[name].ask(datasets["mart_sku_monthly_by_manager"], ["sku_link"]))[0]["sku_link"]
        for name in ("fin", "kim")
    }
    assert shown["fin"].startswith('<a href="/superset/dashboard/sku/?native_filters=(NATIVE_FILTER-sku:')
    assert shown["kim"] == "<a>A</a>"


SEEN_LINES = {
    "fin": {"L1", "L2", "L3"},
    "ops": {"L1", "L2", "L3"},
    "kim": {"L1"},
    "d'arc": {"L3"},
    "owner": {"L2", "L3"},
}


@pytest.mark.parametrize("name", READERS)
def test_chart_data_hold_own_rows_and_costs_only_for_those_who_may_see_them(
    name: str, readers: dict[str, Reader], datasets: dict[str, int], installation: Installation
) -> None:
    columns = ["order_line_key", "gmv_cny", *COSTS]
    truth = {
        row[0]: row[1:] for row in installation.rows(f"select {', '.join(columns)} from marts.fct_order_lines_costed")
    }
    rows = data(readers[name].ask(datasets["fct_order_lines_costed"], columns))
    assert {row["order_line_key"] for row in rows} == SEEN_LINES[name]
    for row in rows:
        gmv, *costs = truth[row["order_line_key"]]
        assert Decimal(str(row["gmv_cny"])) == gmv
        seen = [row[column] for column in COSTS]
        assert seen == [None] * len(costs) if name == "ops" else [Decimal(str(one)) for one in seen] == costs


@pytest.mark.parametrize("name", READERS)
def test_exports_hold_what_the_screen_holds(name: str, readers: dict[str, Reader], datasets: dict[str, int]) -> None:
    columns = ["order_line_key", "unit_cost_cny"]
    text = readers[name].ask(datasets["fct_order_lines_costed"], columns, result_format="csv").text
    exported = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))[1:]
    assert {row[0] for row in exported} == SEEN_LINES[name]
    sheet = readers[name].ask(datasets["fct_order_lines_costed"], columns, result_format="xlsx").content
    table = pl.read_excel(io.BytesIO(sheet))
    assert set(table.to_series(0)) == SEEN_LINES[name]
    assert {row[1] for row in exported} == {""} if name == "ops" else all(row[1] for row in exported)
    assert (table.to_series(1).null_count() == table.height) is (name == "ops")


@pytest.mark.parametrize("name", READERS)
def test_samples_behind_drill_to_detail_are_fenced_too(
    name: str, address: str, readers: dict[str, Reader], datasets: dict[str, int]
) -> None:
    number = datasets["fct_order_lines_costed"]
    path = f"/datasource/samples?datasource_type=table&datasource_id={number}&per_page=50&page=1"
    answer = Reader.with_session(address, name, PASSWORD).client.post(path, json={"filters": []})
    assert answer.status_code == 200, answer.text
    rows = answer.json()["result"]["data"]
    assert {row["order_line_key"] for row in rows} == SEEN_LINES[name]
    assert all((row["unit_cost_cny"] is None) is (name == "ops") for row in rows)
    drill = readers[name].ask(datasets["fct_order_lines_costed"], [], result_type="drill_detail")
    assert {row["order_line_key"] for row in data(drill)} == SEEN_LINES[name]


def test_an_answer_kept_for_one_reader_is_not_given_to_another(
    readers: dict[str, Reader], datasets: dict[str, int]
) -> None:
    total = {"label": "sum", "expressionType": "SQL", "sqlExpression": "SUM(unit_cost_cny)"}
    question = {"dataset_id": datasets["fct_order_lines_costed"], "columns": [], "metrics": [total]}
    answers = {name: data(readers[name].ask(**question))[0]["sum"] for name in [*READERS, *READERS]}
    assert {name: None if one is None else float(one) for name, one in answers.items()} == {
        "fin": 15.0,
        "ops": None,
        "kim": 4.0,
        "d'arc": 6.0,
        "owner": 11.0,
    }
    again = readers["kim"].ask(**question).json()["result"][0]
    assert again["is_cached"] is True


def test_a_downloaded_file_has_the_words_of_a_link(readers: dict[str, Reader], datasets: dict[str, int]) -> None:
    link = "'<a href=\"/superset/dashboard/gmv/\">' || order_line_key || '</a>'"
    column: Any = {"label": "link", "expressionType": "SQL", "sqlExpression": link}
    text = readers["kim"].ask(datasets["fct_order_lines_costed"], [column], result_format="csv").text
    assert text.lstrip("\ufeff").split() == ["link", "L1"]


def test_only_questions_of_those_without_a_fence_are_kept_to_be_asked_again(
    readers: dict[str, Reader], datasets: dict[str, int], installation: Installation
) -> None:
    folder = installation.settings.data_dir / "superset" / "asked"
    for name, kept in (("kim", 0), ("ops", 0), ("fin", 1)):
        form = {"dashboardId": 1}
        data(readers[name].ask(datasets["fct_order_lines_costed"], ["order_line_key"], form_data=form))
        assert len(list(folder.glob("*.json"))) == kept


def test_a_question_that_cannot_be_kept_is_answered_all_the_same(
    readers: dict[str, Reader], datasets: dict[str, int], installation: Installation
) -> None:
    folder = installation.settings.data_dir / "superset" / "asked"
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("in the way")
    try:
        form = {"dashboardId": 2}
        data(readers["fin"].ask(datasets["fct_order_lines_costed"], ["order_line_key"], form_data=form))
    finally:
        folder.unlink()


def test_managers_see_all_ranks_and_the_amounts_of_their_own(
    readers: dict[str, Reader], datasets: dict[str, int]
) -> None:
    columns = ["manager", "rank_gmv", "gmv_cny"]
    for name, own in (("kim", 10), ("d'arc", 40)):
        rows = data(readers[name].ask(datasets["mart_hot_seller_monthly"], columns))
        assert {row["manager"]: row["rank_gmv"] for row in rows} == {"kim": 3, "lee": 2, "d'arc": 1}
        amounts = {row["manager"]: row["gmv_cny"] for row in rows}
        assert {key: value for key, value in amounts.items() if value is not None} == {name: own}


def test_a_forged_question_does_not_open_what_is_closed(readers: dict[str, Reader], datasets: dict[str, int]) -> None:
    daily = datasets["mart_gmv_daily"]
    assert readers["kim"].ask(daily, ["shop_name"]).status_code == 403
    named = {"form_data": {"dashboardId": 1, "slice_id": 1}}
    assert readers["kim"].ask(daily, ["shop_name"], **named).status_code == 403
    for trick in (
        "(SELECT MAX(unit_cost_cny) FROM marts.fct_order_lines_costed)",
        "set_config('omni.reader', 'x', false)",
        "set_config('role', 'bi_reader', false)",
    ):
        metric = {"label": "m", "expressionType": "SQL", "sqlExpression": f"MAX({trick}::text)"}
        answer = readers["ops"].ask(datasets["fct_order_lines_costed"], [], metrics=[metric])
        told = answer.json().get("result", [{}])
        assert answer.status_code != 200 or told[0].get("data") in ([], [{"m": None}], [{"m": "x"}]), answer.text
    assert data(readers["ops"].ask(datasets["fct_order_lines_costed"], ["unit_cost_cny"])) == [{"unit_cost_cny": None}]


def test_owners_see_their_shops_in_totals_and_in_the_choices_of_filters(
    readers: dict[str, Reader], datasets: dict[str, int]
) -> None:
    gmv = {"label": "gmv", "expressionType": "SQL", "sqlExpression": "SUM(gmv_cny)"}
    assert data(readers["owner"].ask(datasets["mart_gmv_daily"], ["shop_name"], metrics=[gmv])) == [
        {"shop_name": "Two", "gmv": 60.0}
    ]
    assert data(readers["owner"].ask(datasets["dim_shop"], ["shop_name"])) == [{"shop_name": "Two"}]
    choices = readers["owner"].ask(datasets["fct_order_lines_costed"], ["manager"])
    assert {row["manager"] for row in data(choices)} == {"lee", "d'arc"}
    for name in READERS:  # the other way to a column's values is for people who build charts
        path = f"/api/v1/datasource/table/{datasets['fct_order_lines_costed']}/column/unit_cost_cny/values/"
        assert readers[name].get(path).status_code == 403


def test_everybody_finds_the_dashboards_of_their_role_and_nobody_a_place_for_sql(
    readers: dict[str, Reader], datasets: dict[str, int]
) -> None:
    found = {
        name: {one["slug"] for one in reader.get("/api/v1/dashboard/?q=(page_size:100)").json()["result"]}
        for name, reader in readers.items()
    }
    assert {"executive", "gmv", "hot-sellers"} <= found["fin"] & found["ops"]
    assert "hot-sellers" in found["kim"]
    assert not {"executive", "gmv"} & found["kim"]
    assert {"executive", "gmv"} <= found["owner"]
    assert readers["kim"].get("/api/v1/dashboard/gmv").status_code in (403, 404)
    for reader in readers.values():
        answer = reader.client.post("/api/v1/sqllab/execute/", json={"database_id": 1, "sql": "select 1"})
        assert answer.status_code in (401, 403, 404)
        assert reader.client.post("/api/v1/dashboard/", json={"dashboard_title": "x"}).status_code == 403


def test_the_page_leaves_out_the_charts_that_its_reader_may_not_see(readers: dict[str, Reader], admin: Reader) -> None:
    def titles(reader: Reader) -> set[str]:
        position = json.loads(reader.get("/api/v1/dashboard/hot-sellers").json()["result"]["position_json"])
        return {
            node["meta"]["sliceName"]
            for node in position.values()
            if isinstance(node, dict) and node["type"] == "CHART"
        }

    everything = titles(admin)
    assert titles(readers["fin"]) == titles(readers["ops"]) == everything
    assert "榜单 · Leaderboard" in titles(readers["kim"])
    assert titles(readers["kim"]) < everything


def test_the_second_fence_holds_without_the_first(
    readers: dict[str, Reader], datasets: dict[str, int], installation: Installation
) -> None:
    with psycopg.connect(installation.url, autocommit=True) as connection:
        connection.execute("create table superset.rules_away as select * from superset.rls_filter_tables")
        connection.execute("delete from superset.rls_filter_tables")
        try:
            rows = data(readers["kim"].ask(datasets["fct_order_lines_costed"], ["order_line_key"], force=True))
        finally:
            connection.execute("insert into superset.rls_filter_tables select * from superset.rules_away")
            connection.execute("drop table superset.rules_away")
    assert rows == [{"order_line_key": "L1"}]
