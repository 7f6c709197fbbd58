"""Files of assets/ → what Superset imports. Pure: reads files, opens no connection, needs no Superset.

Belongs here: references by name → uuids, rows and tabs → Superset's position tree, shared filters → each dashboard's
configuration. Not here: queries of charts (chart_query.py), link columns (links.py), roles (audience.py), the import
itself (provision.py).

The files are Superset's own export format, less what can be derived. On top of that format
- a chart names its `dataset` and may say `time_range` (default: the last 30 complete days; null: none),
  `ignores_filters` (names of filters), `annotations` (names in annotations.yaml; time series only), `may_be_empty`
  (why having nothing to show is good news: lists of failures and the like) and, as in Superset, `cache_timeout` in
  seconds (default: that of its database, 300). Its `conditional_formatting` shows plain colours, not shades, unless an
  entry says `useGradient: true`;
- a dashboard names its `filters` (in native_filters.yaml, whose dependent filters lose the parents that the dashboard
  does not have), has a `layout` (layout.py), an `owner` (a team), may say `refresh_seconds` and `roles` (audience.py);
- a dataset names its `database`, where it is no plain mart has its own `sql`, and may say `roles` (audience.py). A
  column may have a `link` (links.py) in the place of an `expression`, or `beijing: column`, the words of a moment as
  clocks in Beijing show it (the moment itself is for sorting); a column without `description` takes that of the mart's
  contract in dbt. A metric may say `certified: words`, which becomes Superset's certification;
- an annotation (annotations.yaml) names the `chart` (a table; it need not be on a dashboard) whose rows are drawn as
  intervals, and its columns `start`, `end`, `title`, `details`.
Nothing is needed for drill-by and drill-to-detail: every chart of a dashboard offers them.
"""

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from annotations import annotation_layers
from chart_query import query_context
from descriptions import mart_descriptions
from layout import chart_ids, chart_slugs, position_of
from links import FILTER_PREFIX, link_expression
from theme import SERIES

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "temu-omni")
VERSION = "1.0.0"
IMPORT_METADATA = {"version": VERSION, "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"}
EXPLORABLE = {"is_active": True, "groupby": True, "filterable": True}
COMPUTED = {"expression", "link", "beijing"}  # a column that says one of these is none of the mart's
BEIJING_TIME = "TO_CHAR({} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')"
LEGACY_TIME = {"cal_heatmap"}  # knows the time column and range by their old names only
FILE_ONLY = {  # keys that are ours and not Superset's
    "datasets": {"database", "roles"},
    "charts": {"dataset", "time_range", "ignores_filters", "annotations", "may_be_empty"},
    "dashboards": {"layout", "filters", "refresh_seconds", "roles", "owner"},
}
CERTIFIED_BY = "temu-omni"
FILTER_CONTROLS = {
    "enableEmptyFilter": False,
    "defaultToFirstItem": False,
    "multiSelect": True,
    "searchAllOptions": False,
    "inverseSelection": False,
    "sortAscending": True,
}
PLAIN_COLOURS = {"useGradient": False}
DEFAULT_TIME_RANGE = "Last 30 days"  # ends at midnight, so that the partial day of today stays out


def uuid_of(kind: str, slug: str) -> str:
    """The identity of an asset for all installations: derived from its kind and its file name."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{slug}"))


@dataclass(frozen=True)
class Assets:
    """The parsed files, keyed by slug (file name without ending)."""

    databases: dict[str, dict[str, Any]]
    datasets: dict[str, dict[str, Any]]
    charts: dict[str, dict[str, Any]]
    dashboards: dict[str, dict[str, Any]]
    filters: list[dict[str, Any]] = field(default_factory=list)
    annotations: dict[str, dict[str, Any]] = field(default_factory=dict)
    css: str = ""

    @classmethod
    def read(cls, folder: Path) -> "Assets":
        """Read every file below `folder`. ValueError when two files of one kind have the same name."""
        kinds = {kind: _read_kind(folder / kind) for kind in ("databases", "datasets", "charts", "dashboards")}
        css = (folder / "dashboard.css").read_text(encoding="utf-8")
        annotations = _read(folder / "annotations.yaml") or {}
        return cls(**kinds, filters=_read(folder / "native_filters.yaml"), annotations=annotations, css=css)

    @property
    def filters_by_name(self) -> dict[str, dict[str, Any]]:
        """Name as dashboards and links spell it → the filter."""
        return {one["id"].removeprefix(FILTER_PREFIX): one for one in self.filters}

    def importable(self, database_url: str) -> dict[str, str]:
        """File name → YAML text, as Superset's assets import expects them; `database_url` is that of bi_reader."""
        files = {"metadata.yaml": _dump(IMPORT_METADATA)}
        for slug, database in self.databases.items():
            files[f"databases/{slug}.yaml"] = _dump({"version": VERSION, **database, "sqlalchemy_uri": database_url})
        for slug, dataset in self.datasets.items():
            files[f"datasets/marts/{slug}.yaml"] = _dump(self.importable_dataset(dataset))
        for slug, chart in self.charts.items():
            files[f"charts/{slug}.yaml"] = _dump(self.importable_chart(chart))
        for slug, dashboard in self.dashboards.items():
            files[f"dashboards/{slug}.yaml"] = _dump(self.importable_dashboard(dashboard))
        return files

    def importable_dataset(self, dataset: dict[str, Any]) -> dict[str, Any]:
        """A dataset with its database's uuid in the place of its name, links as SQL, descriptions from dbt."""
        body = _without(dataset, "datasets")
        body["columns"] = [self._importable_column(one, dataset) for one in dataset["columns"]]
        body["metrics"] = [_importable_metric(one) for one in dataset["metrics"]]
        return {"version": VERSION, **body, "database_uuid": self.databases[dataset["database"]]["uuid"]}

    def _importable_column(self, column: dict[str, Any], dataset: dict[str, Any]) -> dict[str, Any]:
        told = mart_descriptions().get(dataset["table_name"], {}).get(column["column_name"])
        body = EXPLORABLE | ({"description": told} if told else {}) | column
        if "link" in column:
            expression = link_expression(body.pop("link"), dataset, self.filters_by_name)
            return body | {"type": "TEXT", "expression": expression}
        if "beijing" in column:
            return body | {"type": "TEXT", "expression": BEIJING_TIME.format(body.pop("beijing"))}
        return body

    def importable_chart(self, chart: dict[str, Any]) -> dict[str, Any]:
        """A chart with its dataset's uuid and the query that its data endpoint answers."""
        dataset = self.datasets[chart["dataset"]]
        params = {"viz_type": chart["viz_type"], "datasource": "0__table", **chart["params"]}
        params |= _filters_of(chart, dataset)
        if "conditional_formatting" in params:
            params["conditional_formatting"] = plain_colours(params["conditional_formatting"])
        if "annotations" in chart:
            params["annotation_layers"] = annotation_layers(chart["annotations"], self.annotations)
        described = chart_description(chart)
        body = _without(chart, "charts") | ({"description": described} if described else {})
        context = query_context(chart["viz_type"], params, dataset)
        return {
            "version": VERSION,
            **body,
            "params": params,
            "query_context": json.dumps(context, ensure_ascii=False),
            "dataset_uuid": dataset["uuid"],
        }

    def importable_dashboard(self, dashboard: dict[str, Any]) -> dict[str, Any]:
        """A dashboard with Superset's position tree and the shared filters that it names."""
        body = _without(dashboard, "dashboards")
        position = position_of(dashboard["dashboard_title"], dashboard["layout"], self.charts)
        metadata = self._metadata(dashboard, chart_ids(position))
        fixed = {"version": VERSION, "published": True, "css": self.css}
        return {**fixed, **body, "position": position, "metadata": metadata}

    def _metadata(self, dashboard: dict[str, Any], ids: dict[str, int]) -> dict[str, Any]:
        by_name = self.filters_by_name
        present = [by_name[name]["id"] for name in dashboard["filters"]]
        filters = [self._filter(by_name[name], self._deaf_to(name, ids), present) for name in dashboard["filters"]]
        return {
            "color_scheme": self._colour_scheme(dashboard),
            "cross_filters_enabled": True,
            "filter_bar_orientation": "HORIZONTAL",
            "refresh_frequency": dashboard.get("refresh_seconds", 0),
            "timed_refresh_immune_slices": [],
            "expanded_slices": {},
            "label_colors": SERIES,
            "shared_label_colors": [],
            "map_label_colors": {},
            "chart_configuration": {},
            "global_chart_configuration": {"scope": {"rootPath": ["ROOT_ID"], "excluded": []}, "chartsInScope": []},
            "native_filter_configuration": filters,
        }

    def _colour_scheme(self, dashboard: dict[str, Any]) -> str:
        """The palette of the series, alike on all charts. A dashboard's own would also colour the regions of a map by
        name instead of by number; without one, each chart takes the installation's default, which is the same."""
        kinds = {self.charts[slug]["viz_type"] for slug in chart_slugs(dashboard["layout"])}
        return "" if "country_map" in kinds else "omni"

    def _deaf_to(self, filter_name: str, ids: dict[str, int]) -> list[int]:
        """Ids of the dashboard's charts that say in their file that this filter does not concern them."""
        deaf = {one["uuid"] for one in self.charts.values() if filter_name in one.get("ignores_filters", [])}
        return sorted(number for identity, number in ids.items() if identity in deaf)

    def _filter(self, spec: dict[str, Any], excluded: list[int], present: list[str]) -> dict[str, Any]:
        """One native filter; `dataset` and `column` become a target, `default` its first value."""
        derived = ("dataset", "column", "default", "depends_on", "controlValues")
        rest = {key: value for key, value in spec.items() if key not in derived}
        controls = FILTER_CONTROLS if spec["filterType"] == "filter_select" else {}
        parents = [f"{FILTER_PREFIX}{name}" for name in spec.get("depends_on", [])]
        targets: list[dict[str, Any]] = [{}]
        if "dataset" in spec:
            targets = [{"column": {"name": spec["column"]}, "datasetUuid": self.datasets[spec["dataset"]]["uuid"]}]
        return {
            "type": "NATIVE_FILTER",
            "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
            "cascadeParentIds": [one for one in parents if one in present],
            "controlValues": controls | spec.get("controlValues", {}),
            **rest,
            "targets": targets,
            "defaultDataMask": spec.get("default") or {"extraFormData": {}, "filterState": {}, "ownState": {}},
        }


def chart_description(chart: dict[str, Any]) -> str:
    """What readers are told beside the title: the file's words, and which good news an empty chart is."""
    told, good = (str(chart.get(key, "")).partition(" / ") for key in ("description", "may_be_empty"))
    if not good[0]:
        return str(chart.get("description", ""))
    zh = "；".join(filter(None, (told[0], f"空白表示{good[0]}")))
    return f"{zh} / " + "; ".join(filter(None, (told[2], f"empty means {good[2]}")))


def plain_colours(lights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Conditional formatting as it is imported: each colour in full, not the fainter the nearer to its limit."""
    return [PLAIN_COLOURS | one for one in lights]


def _filters_of(chart: dict[str, Any], dataset: dict[str, Any]) -> dict[str, Any]:
    """Filters of every query of a chart: its time range first (`time_range: null` means none), then its own."""
    time_range = chart.get("time_range", DEFAULT_TIME_RANGE)
    filters = list(chart["params"].get("adhoc_filters", []))
    if time_range is not None:
        period = {"clause": "WHERE", "expressionType": "SIMPLE", "operator": "TEMPORAL_RANGE", "comparator": time_range}
        filters.insert(0, period | {"subject": dataset["main_dttm_col"]})
    if chart["viz_type"] in LEGACY_TIME:
        own = {"adhoc_filters": chart["params"].get("adhoc_filters", [])}
        return own | {"granularity_sqla": dataset["main_dttm_col"], "time_range": time_range}
    twice = {"adhoc_filters_b": filters} if "metrics_b" in chart["params"] else {}
    return {"adhoc_filters": filters, **twice}


def _importable_metric(metric: dict[str, Any]) -> dict[str, Any]:
    body = {key: value for key, value in metric.items() if key != "certified"}
    if "certified" not in metric:
        return body
    return body | {"extra": {"certification": {"certified_by": CERTIFIED_BY, "details": metric["certified"]}}}


def _without(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in FILE_ONLY[kind]}


def _read_kind(folder: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.yaml")):
        if path.stem in found:
            raise ValueError(f"{path}: another file of this kind has the same name")
        found[path.stem] = _read(path)
    return found


class _Loader(yaml.SafeLoader):
    """Refuses a mapping that has a key twice: YAML itself keeps the last and drops the others without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            line = node.start_mark.line + 1
            raise ValueError(f"{self.name}: {', '.join(twice)} stands twice in the mapping that begins in line {line}")
        return super().construct_mapping(node, deep)


def _read(path: Path) -> Any:
    with path.open(encoding="utf-8") as stream:  # the loader names its file
        return yaml.load(stream, _Loader)  # noqa: S506 - a SafeLoader


def _dump(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
