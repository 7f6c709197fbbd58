"""The dashboards as files: every chain dashboard → chart → dataset → mart column holds, and nothing is left over."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
SUPERSET = PROJECT / "superset"
ASSETS = SUPERSET / "assets"
READER_URL = "postgresql://bi_reader@localhost/omni"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2,}")
# Names that are the same word in both languages.
SAME_IN_BOTH = {"GMV", "SKU", "SPU"}


@pytest.fixture(scope="module")
def imported(assets: Any) -> dict[str, dict[str, Any]]:
    """What Superset's import receives, file by file."""
    return {name: yaml.safe_load(text) for name, text in assets.importable(READER_URL).items()}


@pytest.fixture(scope="module")
def mart_columns() -> dict[str, set[str]]:
    """Columns of every mart, as its dbt contract promises them."""
    models: dict[str, set[str]] = {}
    for path in (PROJECT / "dbt_project" / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            models[model["name"]] = {column["name"] for column in model["columns"]}
    return models


def of_kind(imported: dict[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {name: body for name, body in imported.items() if name.startswith(f"{kind}/")}


def test_the_dashboards_are_there_so_that_the_laws_below_hold_of_something(assets: Any) -> None:
    assert {"executive", "gmv", "hot-sellers"} <= set(assets.dashboards)


def test_every_identity_is_derived_from_kind_and_file_name(assets: Any) -> None:
    namespace = uuid.uuid5(uuid.NAMESPACE_DNS, "temu-omni")
    for kind in ("databases", "datasets", "charts", "dashboards"):
        for slug, body in getattr(assets, kind).items():
            assert body["uuid"] == str(uuid.uuid5(namespace, f"{kind}/{slug}")), f"{kind}/{slug}"


def test_file_names_are_slugs() -> None:
    names = [path.stem for path in ASSETS.rglob("*.yaml")]
    assert [name for name in names if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name)] == []


def test_charts_name_existing_datasets_and_datasets_the_one_database(imported: dict[str, dict[str, Any]]) -> None:
    databases = {body["uuid"] for body in of_kind(imported, "databases").values()}
    datasets = {body["uuid"] for body in of_kind(imported, "datasets").values()}
    assert {body["database_uuid"] for body in of_kind(imported, "datasets").values()} == databases
    assert {body["dataset_uuid"] for body in of_kind(imported, "charts").values()} <= datasets


def test_every_chart_is_on_a_dashboard_and_every_dataset_in_use(
    assets: Any, imported: dict[str, dict[str, Any]]
) -> None:
    shown = set()
    for body in of_kind(imported, "dashboards").values():
        nodes = [node for node in body["position"].values() if isinstance(node, dict)]
        shown |= {node["meta"]["uuid"] for node in nodes if node["type"] == "CHART"}
    drawn_over_others = {assets.charts[one["chart"]]["uuid"] for one in assets.annotations.values()}
    assert {chart["uuid"] for chart in assets.charts.values()} == shown | drawn_over_others
    by_charts = {chart["dataset"] for chart in assets.charts.values()}
    by_filters = {one["dataset"] for one in assets.filters if "dataset" in one}
    assert set(assets.datasets) == by_charts | by_filters


def test_datasets_read_schema_marts_and_columns_that_their_marts_promise(
    assets: Any, mart_columns: dict[str, set[str]]
) -> None:
    from bundle import COMPUTED

    for slug, dataset in assets.datasets.items():
        assert dataset["schema"] == "marts"
        sources = marts_of(dataset)
        assert sources <= set(mart_columns), f"{slug} reads {sources - set(mart_columns)}"
        if "sql" not in dataset:
            stored = {one["column_name"] for one in dataset["columns"] if not COMPUTED & set(one)}
            assert stored <= mart_columns[slug], f"{slug}: {stored - mart_columns[slug]} not in the mart's contract"


def test_free_sql_of_datasets_names_only_columns_of_the_marts_it_reads(
    assets: Any, mart_columns: dict[str, set[str]]
) -> None:
    for slug, dataset in assets.datasets.items():
        known = set().union(*(mart_columns[mart] for mart in marts_of(dataset)))
        known |= {one["column_name"] for one in dataset["columns"]}
        expressions = [one["expression"] for one in [*dataset["metrics"], *dataset["columns"]] if "expression" in one]
        unknown = set().union(*(columns_in(sql) for sql in expressions)) - known
        assert unknown == set(), f"{slug}: {unknown}"


def test_queries_behind_datasets_name_only_columns_of_the_marts_they_read(
    assets: Any, mart_columns: dict[str, set[str]]
) -> None:
    for slug, dataset in assets.datasets.items():
        if "sql" not in dataset:
            continue
        sql = dataset["sql"].lower()
        known = set().union(*(mart_columns[mart] for mart in marts_of(dataset)), marts_of(dataset))
        aliases = set(re.findall(r"\bas (\w+)|\b(\w+) as \(", sql))
        known |= {name for pair in aliases for name in pair} | {one["column_name"] for one in dataset["columns"]}
        assert columns_in(sql) - known == set(), slug


def test_charts_use_columns_and_saved_metrics_of_their_dataset(assets: Any) -> None:
    for slug, chart in assets.charts.items():
        dataset = assets.datasets[chart["dataset"]]
        columns = {one["column_name"] for one in dataset["columns"]}
        metrics = {one["metric_name"] for one in dataset["metrics"]}
        params = chart["params"]
        assert set(listed(params, COLUMN_KEYS)) <= columns, slug
        assert set(listed(params, METRIC_KEYS)) <= metrics, slug
        for one in params.get("adhoc_filters", []):
            assert columns_in(one["sqlExpression"]) <= columns, slug


def test_every_chart_has_a_query_that_its_data_endpoint_can_answer(imported: dict[str, dict[str, Any]]) -> None:
    for name, chart in of_kind(imported, "charts").items():
        context = json.loads(chart["query_context"])
        assert context["queries"], name
        assert all(query["metrics"] or query["columns"] for query in context["queries"]), name
        assert context["form_data"]["viz_type"] == chart["viz_type"], name


def test_moments_are_shown_as_clocks_in_beijing_show_them(assets: Any) -> None:
    for slug, chart in assets.charts.items():
        dataset = assets.datasets[chart["dataset"]]
        moments = {one["column_name"] for one in dataset["columns"] if one.get("type", "").startswith("TIMESTAMP")}
        shown = set(listed(chart["params"], ("all_columns", "groupby", "groupbyRows", "groupbyColumns")))
        assert shown & moments == set(), slug
    told = [one for body in assets.datasets.values() for one in body["columns"] if "beijing" in one]
    assert told
    assert [one["verbose_name"] for one in told if "(北京)" not in one["verbose_name"]] == []


def test_a_table_that_the_server_pages_begins_with_plain_words_to_search_in(assets: Any) -> None:
    paged = {slug: one for slug, one in assets.charts.items() if one["params"].get("server_pagination")}
    assert {"ord-lines", "fin-statement"} <= set(paged)
    for slug, chart in paged.items():
        first = listed(chart["params"], ("all_columns", "groupby"))[0]
        columns = {one["column_name"]: one for one in assets.datasets[chart["dataset"]]["columns"]}
        assert columns[first]["type"] == "TEXT", slug
        assert "link" not in columns[first], slug


def test_the_filter_of_the_legal_entity_meets_no_stream_of_that_column_name(
    assets: Any, mart_columns: dict[str, set[str]]
) -> None:
    streams = {mart for mart, columns in mart_columns.items() if "entity" in columns and "stream_name" in columns}
    assert "mart_source_freshness" in streams
    for mart in streams | {"mart_dq_results", "dq_quarantined_rows"}:
        if mart in assets.datasets:
            assert "entity" not in {one["column_name"] for one in assets.datasets[mart]["columns"]}, mart


def test_ratios_are_computed_from_sums_and_never_averaged(assets: Any) -> None:
    ratios = {"profit_margin", "cost_coverage", "aov_cny", "refund_rate", "cancel_rate", "gmv_achievement"}
    for slug, dataset in assets.datasets.items():
        for metric in dataset["metrics"]:
            assert "AVG(" not in metric["expression"].upper(), f"{slug}.{metric['metric_name']}"
            assert not columns_in(metric["expression"]) & ratios, f"{slug}.{metric['metric_name']}"


def test_a_metric_or_column_means_and_reads_the_same_in_every_dataset(assets: Any) -> None:
    seen: dict[tuple[str, str], str] = {}
    for dataset in assets.datasets.values():
        for kind, key in (("metrics", "metric_name"), ("columns", "column_name")):
            for one in dataset[kind]:
                first = seen.setdefault((kind, one[key]), one["verbose_name"])
                assert one["verbose_name"] == first, f"{one[key]}: {first} or {one['verbose_name']}?"


def test_titles_and_labels_are_chinese_first_then_english(assets: Any) -> None:
    titles = [chart["slice_name"] for chart in assets.charts.values()]
    titles += [dashboard["dashboard_title"] for dashboard in assets.dashboards.values()]
    titles += [title for dashboard in assets.dashboards.values() for title in tab_titles(dashboard["layout"])]
    titles += [one["name"] for one in assets.filters]
    labels = [one["verbose_name"] for body in assets.datasets.values() for one in [*body["columns"], *body["metrics"]]]
    assert [text for text in titles + labels if not is_bilingual(text)] == []


def test_filters_have_the_same_identity_on_every_dashboard(imported: dict[str, dict[str, Any]]) -> None:
    by_id: dict[str, set[str]] = {}
    for body in of_kind(imported, "dashboards").values():
        assert body["metadata"]["cross_filters_enabled"] is True
        for one in body["metadata"]["native_filter_configuration"]:
            by_id.setdefault(one["id"], set()).add(one["name"])
    assert all(len(names) == 1 for names in by_id.values())
    assert {"NATIVE_FILTER-date_range", "NATIVE_FILTER-shop", "NATIVE_FILTER-region"} <= set(by_id)


def test_rows_fit_the_grid_and_no_tab_holds_more_than_twelve_charts(assets: Any) -> None:
    for slug, dashboard in assets.dashboards.items():
        for rows in screens(dashboard["layout"]):
            assert all(sum(row["charts"].values()) <= 12 for row in rows if "charts" in row), slug
            assert sum(len(row["charts"]) for row in rows if "charts" in row) <= 12, slug


def test_files_hold_no_secret_and_no_address() -> None:
    suspicious = re.compile(r"password|postgresql://|secret|token|127\.0\.0\.1|localhost", re.IGNORECASE)
    texts = {path.name: path.read_text(encoding="utf-8") for path in ASSETS.rglob("*") if path.is_file()}
    assert [name for name, text in texts.items() if suspicious.search(text)] == []


def test_the_folder_is_no_package_that_could_hide_superset_itself() -> None:
    assert not (SUPERSET / "__init__.py").exists()


COLUMN_KEYS = ("groupby", "groupby_b", "groupbyRows", "groupbyColumns", "all_columns", "x_axis", "entity", "series")
COLUMN_KEYS += ("columns", "column")
METRIC_KEYS = ("metric", "metrics", "metrics_b", "secondary_metric", "x", "y", "size", "timeseries_limit_metric")


def listed(params: dict[str, Any], keys: tuple[str, ...]) -> list[str]:
    """Names under these keys; free SQL metrics are objects and left out."""
    values = [params[key] for key in keys if params.get(key)]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in flat if isinstance(one, str)]


def columns_in(sql: str) -> set[str]:
    from validate import columns_named

    return set(columns_named(sql))


def marts_of(dataset: dict[str, Any]) -> set[str]:
    return set(re.findall(r"\bmarts\.(\w+)", dataset["sql"])) if "sql" in dataset else {dataset["table_name"]}


def is_bilingual(text: str) -> bool:
    words = set(LATIN.findall(text))
    return text in SAME_IN_BOTH or words <= SAME_IN_BOTH or bool(CHINESE.search(text) and words - SAME_IN_BOTH)


def tab_titles(layout: list[dict[str, Any]]) -> list[str]:
    tabs = [tab for block in layout for tab in block.get("tabs", [])]
    return [title for tab in tabs for title in (tab["title"], *tab_titles(tab["layout"]))]


def screens(layout: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The rows of each tab; what stands outside the tabs of a dashboard is a screen of its own."""
    inner = [screen for block in layout for tab in block.get("tabs", []) for screen in screens(tab["layout"])]
    return [[block for block in layout if "tabs" not in block], *inner]
