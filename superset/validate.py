"""What breaks: the chain dashboard → chart → dataset → column of a mart → metric, walked through the files.

Belongs here: finding links of the chain that do not hold, and naming the charts and dashboards that hang on them. Pure:
reads assets/ and dbt's contracts. `python superset/validate.py` prints the problems as JSON on its last line.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audience import ROLES, Marts, marts_of
from bundle import COMPUTED, Assets
from layout import chart_slugs

HERE = Path(__file__).resolve().parent
COLUMN_KEYS = ("groupby", "groupby_b", "groupbyRows", "groupbyColumns", "all_columns", "x_axis", "entity", "series")
METRIC_KEYS = ("metric", "metrics", "metrics_b", "secondary_metric", "x", "y", "size", "timeseries_limit_metric")
IDENTIFIER = re.compile(r"(?<!:)\b[a-z_][a-z0-9_]*\b")
ALIAS = re.compile(r"\bas (\w+)|\b(\w+) as \(", re.IGNORECASE)
SQL_WORDS = frozenset(
    """
    sum count max min avg distinct case when then else end null is not and or nullif coalesce filter where as
    numeric text date to_char at time zone array lpad interval select from join left on group order by union
    all with window over partition rows preceding between marts true false date_trunc in values within
    percentile_cont desc floor abs concat round trim_scale
    """.split()  # noqa: SIM905 - as a list it would fill a screen
)


def problems(assets: Assets, marts: Marts) -> list[str]:
    """One line for each broken link, with what it breaks; nothing when the chain holds."""
    return [
        *(told for slug in assets.datasets for told in _dataset(slug, assets, marts)),
        *(told for slug in assets.charts for told in _chart(slug, assets)),
        *(told for slug in assets.dashboards for told in _dashboard(slug, assets)),
    ]


def _dataset(slug: str, assets: Assets, marts: Marts) -> Iterator[str]:
    dataset = assets.datasets[slug]
    for mart in sorted(marts_of(dataset) - set(marts.columns)):
        yield f"marts.{mart} does not exist; {_breaks(charts_on(slug, assets), assets)}"
    if "sql" in dataset:
        for column in sorted(columns_named(dataset["sql"]) - _known_to_query(dataset, marts)):
            read = ", ".join(sorted(marts_of(dataset)))
            yield f"datasets/{slug}: no column {column} in {read}; {_breaks(charts_on(slug, assets), assets)}"
    elif dataset["table_name"] in marts.columns:
        missing = {name for name in _stored(dataset) if name not in marts.columns[dataset["table_name"]]}
        for column in sorted(missing):
            used = [chart for chart in charts_on(slug, assets) if column in columns_of_chart(chart, assets)]
            yield f"marts.{dataset['table_name']} has no column {column}; {_breaks(used, assets)}"
    known_roles = set(dataset.get("roles", ROLES)) - set(ROLES)
    if known_roles:
        yield f"datasets/{slug}: {', '.join(sorted(known_roles))} is no role; known: {', '.join(ROLES)}"


def _chart(slug: str, assets: Assets) -> Iterator[str]:
    chart = assets.charts[slug]
    if chart["dataset"] not in assets.datasets:
        yield f"charts/{slug}: dataset {chart['dataset']} does not exist; {_breaks([slug], assets)}"
        return
    dataset = assets.datasets[chart["dataset"]]
    for keys, what, kind in ((COLUMN_KEYS, "column", "columns"), (METRIC_KEYS, "metric", "metrics")):
        known = {one[f"{what}_name"] for one in dataset[kind]}
        for name in sorted(set(listed(chart["params"], keys)) - known):
            yield f"charts/{slug}: dataset {chart['dataset']} has no {what} {name}; {_breaks([slug], assets)}"
    for name in chart.get("annotations", []):
        if name not in assets.annotations:
            yield f"charts/{slug}: annotations.yaml has no {name}; {_breaks([slug], assets)}"


def _dashboard(slug: str, assets: Assets) -> Iterator[str]:
    dashboard = assets.dashboards[slug]
    for chart in chart_slugs(dashboard["layout"]):
        if chart not in assets.charts:
            yield f"dashboards/{slug}: chart {chart} does not exist"
    for name in dashboard["filters"]:
        if name not in assets.filters_by_name:
            yield f"dashboards/{slug}: native_filters.yaml has no filter {name}"


def charts_on(dataset: str, assets: Assets) -> list[str]:
    """Charts that read this dataset."""
    return [slug for slug, chart in assets.charts.items() if chart["dataset"] == dataset]


def columns_of_chart(slug: str, assets: Assets) -> set[str]:
    """Columns of the mart on which a chart hangs: its own, and those in its metrics and calculated columns."""
    chart = assets.charts[slug]
    dataset = assets.datasets[chart["dataset"]]
    metrics = {one["metric_name"]: one["expression"] for one in dataset["metrics"]}
    calculated = {
        one["column_name"]: one.get("expression") or one["beijing"]
        for one in dataset["columns"]
        if {"expression", "beijing"} & set(one)
    }
    text = json.dumps(chart["params"], ensure_ascii=False)
    used = {one["column_name"] for one in dataset["columns"] if f'"{one["column_name"]}"' in text}
    expressions = [sql for name, sql in metrics.items() if f'"{name}"' in text]
    expressions += [calculated[name] for name in used & set(calculated)]
    expressions += re.findall(r'"sqlExpression": "((?:[^"\\]|\\.)*)"', text)
    return used | {dataset.get("main_dttm_col", "")} | set().union(*(identifiers(sql) for sql in expressions))


def identifiers(sql: str) -> set[str]:
    """Every word of an SQL expression that could be a column; texts in quotes and remarks are none."""
    return set(IDENTIFIER.findall(re.sub(r"--.*|'[^']*'", " ", sql).lower()))


def columns_named(sql: str) -> set[str]:
    """Columns of an SQL expression: what is no keyword, function, cast or text."""
    return identifiers(sql) - SQL_WORDS


def _known_to_query(dataset: dict[str, Any], marts: Marts) -> set[str]:
    """What the query of a dataset may name: its marts with their columns, what it calls itself so, what it gives."""
    read = marts_of(dataset)
    called = {name for pair in ALIAS.findall(dataset["sql"].lower()) for name in pair}
    given = {one["column_name"] for one in dataset["columns"]}
    return read.union(called, given, *(marts.columns.get(mart, set()) for mart in read))


def listed(params: dict[str, Any], keys: tuple[str, ...]) -> list[str]:
    """Names under these keys; free SQL metrics are objects and left out."""
    values = [params[key] for key in keys if params.get(key)]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in flat if isinstance(one, str)]


def _stored(dataset: dict[str, Any]) -> list[str]:
    return [one["column_name"] for one in dataset["columns"] if not COMPUTED & set(one)]


def _breaks(charts: list[str], assets: Assets) -> str:
    if not charts:
        return "no chart breaks"
    shown = {slug for slug, body in assets.dashboards.items() if set(chart_slugs(body["layout"])) & set(charts)}
    return f"breaks charts {', '.join(sorted(charts))} on dashboards {', '.join(sorted(shown)) or 'none'}"


def main() -> None:
    """Print the problems."""
    print(json.dumps(problems(Assets.read(HERE / "assets"), Marts.read()), ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main()
