"""The query that a chart's data endpoint answers, derived from the chart's own parameters.

Superset's front end computes it when somebody saves a chart in the browser; charts that come from files never pass
there, and without it the endpoint refuses to answer. One small function per family of chart types; an unknown type is
an error, so that no chart is left without a query.
"""

from collections.abc import Callable
from typing import Any

Query = dict[str, Any]
Params = dict[str, Any]
ROW_LIMIT = 10_000


def query_context(viz_type: str, params: Params, dataset: dict[str, Any]) -> dict[str, Any]:
    """The saved query context of a chart. ValueError when the chart type has no rule here."""
    if viz_type not in _RULES:
        raise ValueError(f"no query rule for chart type {viz_type}; known: {', '.join(sorted(_RULES))}")
    queries = _RULES[viz_type](params)
    for query in queries:
        query["columns"] = [_typed(column, dataset) for column in query["columns"]]
    return {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": queries,
        "form_data": params,
        "result_format": "json",
        "result_type": "full",
    }


def _base(params: Params, metrics: list[Any], columns: list[Any], suffix: str = "") -> Query:
    """What every query has: filters split into the simple ones and free SQL, metrics, columns, order, limit."""
    adhoc = params.get(f"adhoc_filters{suffix}", [])
    simple = [one for one in adhoc if one["expressionType"] == "SIMPLE"]
    free = [one for one in adhoc if one["expressionType"] == "SQL"]
    where = [f"({one['sqlExpression']})" for one in free if one["clause"] == "WHERE"]
    having = [f"({one['sqlExpression']})" for one in free if one["clause"] == "HAVING"]
    return {
        "filters": [{"col": one["subject"], "op": one["operator"], "val": one.get("comparator")} for one in simple],
        "extras": {"where": " AND ".join(where), "having": " AND ".join(having)},
        "applied_time_extras": {},
        "columns": columns,
        "metrics": metrics,
        "orderby": _order(params, metrics),
        "annotation_layers": params.get("annotation_layers", []),
        "row_limit": int(params.get("row_limit") or ROW_LIMIT),
        "series_columns": [],
        "series_limit": 0,
        "order_desc": True,
        "url_params": {},
        "custom_params": {},
        "custom_form_data": {},
    }


def _order(params: Params, metrics: list[Any]) -> list[list[Any]]:
    """Largest first, by the metric that the chart names, else by its first one."""
    by = params.get("timeseries_limit_metric") or params.get("series_limit_metric") or (metrics[0] if metrics else None)
    return [[by, not params.get("order_desc", True)]] if by else []


def _axis(params: Params) -> list[Any]:
    """The x axis; a time axis carries its grain."""
    column = params["x_axis"]
    grain = params.get("time_grain_sqla")
    if grain is None:
        return [column]
    axis = {"columnType": "BASE_AXIS", "expressionType": "SQL", "sqlExpression": column, "label": column}
    return [axis | {"timeGrain": grain}]


def _one_number(params: Params) -> list[Query]:
    return [_base(params, [params["metric"]], []) | {"orderby": []}]


def _compared_number(params: Params) -> list[Query]:
    return [_base(params, [params["metric"]], []) | {"orderby": [], "time_offsets": [params["time_compare"]]}]


def _table(params: Params) -> list[Query]:
    """A table that the server pages answers its first page."""
    page = {"row_limit": params["server_page_length"]} if params.get("server_pagination") else {}
    if params.get("query_mode") == "raw":
        order = [[column, ascending] for column, ascending in params.get("order_by_pairs", [])]
        return [_base(params, [], params["all_columns"]) | {"metrics": None, "orderby": order} | page]
    return [_base(params, params["metrics"], params.get("groupby", [])) | page]


def _pivot(params: Params) -> list[Query]:
    return [_base(params, params["metrics"], [*params["groupbyRows"], *params["groupbyColumns"]])]


def _series(params: Params) -> list[Query]:
    groups = params.get("groupby", [])
    query = _base(params, params["metrics"], [*_axis(params), *groups])
    return [query | {"series_columns": groups, "series_limit": params.get("limit") or 0}]


def _two_series(params: Params) -> list[Query]:
    second = {**params, "timeseries_limit_metric": params.get("timeseries_limit_metric_b")}
    return [
        _base(params, params["metrics"], [*_axis(params), *params.get("groupby", [])]),
        _base(second, params["metrics_b"], [*_axis(params), *params.get("groupby_b", [])], suffix="_b"),
    ]


def _grouped_metric(params: Params) -> list[Query]:
    return [_base(params, [params["metric"]], params.get("groupby", []))]


def _several_metrics(params: Params) -> list[Query]:
    return [_base(params, params["metrics"], params["groupby"])]


def _steps(params: Params) -> list[Query]:
    axis = params["x_axis"]
    return [_base(params, [params["metric"]], [axis, *params.get("groupby", [])]) | {"orderby": [[axis, True]]}]


def _rings(params: Params) -> list[Query]:
    return [_base(params, [params["metric"]], params["columns"])]


def _bins(params: Params) -> list[Query]:
    """Single values, counted into bins by Superset."""
    groups = params.get("groupby", [])
    options = {name: params[name] for name in ("column", "bins", "cumulative", "normalize")} | {"groupby": groups}
    query = _base(params, [], [*groups, params["column"]])
    return [query | {"metrics": None, "post_processing": [{"operation": "histogram", "options": options}]}]


def _boxes(params: Params) -> list[Query]:
    """One value per member of `columns`, drawn as the distribution over them."""
    options = {"groupby": params["groupby"], "metrics": params["metrics"], "whisker_type": "min/max"}
    query = _base(params, params["metrics"], [*params["columns"], *params["groupby"]])
    return [query | {"post_processing": [{"operation": "boxplot", "options": options}]}]


def _heatmap(params: Params) -> list[Query]:
    return [_base(params, [params["metric"]], [params["x_axis"], params["groupby"]]) | {"orderby": []}]


def _bubble(params: Params) -> list[Query]:
    metrics = [params["x"], params["y"], params["size"]]
    columns = [params["entity"], *([params["series"]] if params.get("series") else [])]
    return [_base(params, metrics, columns)]


def _calendar(params: Params) -> list[Query]:
    query = _base(params, params["metrics"], []) | {"orderby": []}
    return [query | {"granularity": params["granularity_sqla"], "time_range": params["time_range"]}]


def _by_country(params: Params) -> list[Query]:
    return [_base(params, [params["metric"]], [params["entity"]])]


_RULES: dict[str, Callable[[Params], list[Query]]] = {
    "big_number_total": _one_number,
    "pop_kpi": _compared_number,
    "table": _table,
    "pivot_table_v2": _pivot,
    "echarts_timeseries_line": _series,
    "echarts_timeseries_bar": _series,
    "echarts_timeseries_smooth": _series,
    "echarts_area": _series,
    "mixed_timeseries": _two_series,
    "treemap_v2": _grouped_metric,
    "funnel": _grouped_metric,
    "radar": _several_metrics,
    "waterfall": _steps,
    "sunburst_v2": _rings,
    "histogram_v2": _bins,
    "box_plot": _boxes,
    "gauge_chart": _grouped_metric,
    "pie": _grouped_metric,
    "heatmap_v2": _heatmap,
    "bubble_v2": _bubble,
    "cal_heatmap": _calendar,
    "world_map": _by_country,
    "country_map": _by_country,
}


def _typed(column: Any, dataset: dict[str, Any]) -> Any:
    """The column itself; a KeyError names a column that the dataset does not have."""
    name = column if isinstance(column, str) else column["sqlExpression"]
    if name not in {one["column_name"] for one in dataset["columns"]}:
        raise KeyError(f"dataset {dataset['table_name']} has no column {name}")
    return column
