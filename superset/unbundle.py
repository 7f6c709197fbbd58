"""What a running Superset has → files of assets/: the inverse of bundle.py.

Belongs here: bodies of datasets, charts and dashboards as the installation holds them, made short again; what can be
derived is left out, what the files alone know (owner, link, roles of a dataset) is taken from them. Pure: gets
dictionaries, opens no connection. Not here: reading the installation, comparing, pruning (manage.py).
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from bundle import DEFAULT_TIME_RANGE, EXPLORABLE, LEGACY_TIME, PLAIN_COLOURS, Assets, chart_description, plain_colours
from descriptions import mart_descriptions
from links import FILTER_PREFIX

KINDS = ("datasets", "charts", "dashboards")
DERIVED_PARAMS = {"viz_type", "datasource", "adhoc_filters_b", "annotation_layers", "dashboards", "slice_id"}
COLUMN_KEYS = ("column_name", "verbose_name", "type", "expression", "description")
METRIC_KEYS = ("metric_name", "verbose_name", "expression", "d3format", "description")


@dataclass(frozen=True)
class Installed:
    """Everything of one kind in an installation, by uuid; and the names that the files know."""

    assets: Assets
    chart_uuids: dict[int, str]

    def slug(self, kind: str, uuid: str, title: str) -> str:
        """The file's name: that of the file with this uuid, else made from the English part of the title."""
        known = {body["uuid"]: slug for slug, body in getattr(self.assets, kind).items()}
        return known.get(uuid) or slugged(title)

    def dataset(self, found: dict[str, Any]) -> dict[str, Any]:
        """One dataset; `found` has the names of Superset's own export."""
        slug = self.slug("datasets", found["uuid"], found["table_name"])
        old = self.assets.datasets.get(slug, {})
        body = {key: found[key] for key in ("table_name", "schema") if found.get(key)}
        body |= {"database": old.get("database", "omni_marts"), "uuid": found["uuid"]}
        body |= {key: found[key] for key in ("description", "main_dttm_col", "sql") if found.get(key)}
        usual = self.assets.databases[body["database"]].get("cache_timeout")
        kept = found.get("cache_timeout")  # Superset names the database's where the dataset has none
        body |= {"cache_timeout": kept} if kept and kept != usual else {}
        body |= {"roles": old["roles"]} if "roles" in old else {}
        files = {one["column_name"]: one for one in self.assets.importable_dataset(old)["columns"]} if old else {}
        short = {one["column_name"]: one for one in old.get("columns", [])}
        told = mart_descriptions().get(found["table_name"], {})
        body["columns"] = [
            _column(one, files, short, told) for one in _in_order(found["columns"], short, "column_name")
        ]
        known = {one["metric_name"]: one for one in old.get("metrics", [])}
        body["metrics"] = [_metric(one) for one in _in_order(found["metrics"], known, "metric_name")]
        return body

    def chart(self, found: dict[str, Any], dataset: dict[str, Any], dataset_slug: str) -> dict[str, Any]:
        """One chart, its time range taken out of its filters again."""
        slug = self.slug("charts", found["uuid"], found["slice_name"])
        old = self.assets.charts.get(slug, {})
        params = {key: value for key, value in found["params"].items() if key not in DERIVED_PARAMS}
        time_range = _take_time_range(found["viz_type"], params, dataset)
        if "conditional_formatting" in params:
            known = old.get("params", {}).get("conditional_formatting", [])
            params["conditional_formatting"] = _short_lights(params["conditional_formatting"], known)
        if "adhoc_filters" in params and not params["adhoc_filters"] and "adhoc_filters" not in old.get("params", {}):
            del params["adhoc_filters"]
        body = {"slice_name": found["slice_name"], "viz_type": found["viz_type"], "dataset": dataset_slug}
        body |= {"uuid": found["uuid"]}
        own_words = old and found.get("description") == chart_description(old)
        described = old.get("description") if own_words else found.get("description")
        body |= {"description": described} if described else {}
        body |= {"cache_timeout": found["cache_timeout"]} if found.get("cache_timeout") else {}
        body |= {} if time_range == DEFAULT_TIME_RANGE else {"time_range": time_range}
        names = [self._annotation(layer) for layer in found["params"].get("annotation_layers") or []]
        body |= {"annotations": names} if names else {}
        body |= {"may_be_empty": old["may_be_empty"]} if "may_be_empty" in old else {}
        return body | {"params": params}

    def _annotation(self, layer: dict[str, Any]) -> str:
        by_name = {spec["name"]: key for key, spec in self.assets.annotations.items()}
        return by_name.get(layer["name"], layer["name"])

    def dashboard(self, found: dict[str, Any]) -> dict[str, Any]:
        """One dashboard: the position tree as rows and tabs, its filters by name."""
        slug = self.slug("dashboards", found["uuid"], found["slug"] or found["dashboard_title"])
        old = self.assets.dashboards.get(slug, {})
        metadata = found["metadata"]
        body = {"dashboard_title": found["dashboard_title"], "slug": found["slug"], "uuid": found["uuid"]}
        body |= {"description": found["description"]} if found.get("description") else {}
        body |= {"owner": old["owner"]} if "owner" in old else {}
        body |= {"roles": found["roles"]} if "roles" in old else {}
        body |= {"refresh_seconds": metadata["refresh_frequency"]} if metadata.get("refresh_frequency") else {}
        filters = metadata.get("native_filter_configuration", [])
        body["filters"] = [one["id"].removeprefix(FILTER_PREFIX) for one in filters]
        body["layout"] = self._blocks(found["position"], "GRID_ID")
        return body

    def _blocks(self, position: dict[str, Any], parent: str) -> list[dict[str, Any]]:
        return [self._block(position, position[child]) for child in position[parent]["children"]]

    def _block(self, position: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
        if node["type"] == "TABS":
            tabs = [position[child] for child in node["children"]]
            return {"tabs": [{"title": t["meta"]["text"], "layout": self._blocks(position, t["id"])} for t in tabs]}
        inside = [position[child] for child in node["children"]]
        if inside and inside[0]["type"] == "MARKDOWN":
            return {"note": inside[0]["meta"]["code"], "height": inside[0]["meta"]["height"]}
        charts = {self._chart_slug(one): one["meta"]["width"] for one in inside if one["type"] == "CHART"}
        return {"height": max((one["meta"]["height"] for one in inside), default=0), "charts": charts}

    def _chart_slug(self, node: dict[str, Any]) -> str:
        meta = node["meta"]
        uuid = str(meta.get("uuid") or self.chart_uuids[meta["chartId"]])
        return self.slug("charts", uuid, meta["sliceName"])


def deafness(dashboards: list[dict[str, Any]], chart_uuids: dict[int, str]) -> dict[str, list[str]]:
    """uuid of a chart → names of the filters that do not concern it, from the scopes in all dashboards."""
    deaf: dict[str, set[str]] = {}
    for found in dashboards:
        for one in found["metadata"].get("native_filter_configuration", []):
            for number in one.get("scope", {}).get("excluded", []):
                deaf.setdefault(chart_uuids[number], set()).add(one["id"].removeprefix(FILTER_PREFIX))
    return {uuid: sorted(names) for uuid, names in deaf.items()}


def slugged(title: str) -> str:
    """A file name from a title: its Latin words. ValueError when it has none."""
    words = re.findall(r"[a-z0-9_]+", title.lower())
    if not words:
        raise ValueError(f"{title!r} has no Latin letters to make a file name of; add its English title")
    return "-".join(words)


def _column(
    found: dict[str, Any], files: dict[str, Any], short: dict[str, Any], told: dict[str, str]
) -> dict[str, Any]:
    name = found["column_name"]
    body = {key: found[key] for key in COLUMN_KEYS if found.get(key)}
    body |= {"is_dttm": True} if found.get("is_dttm") else {}
    body |= {key: found[key] for key, usual in EXPLORABLE.items() if found.get(key) is not None and found[key] != usual}
    if "description" not in short.get(name, {}) and body.get("description") == told.get(name):
        body.pop("description", None)
    ours = {key: short[name][key] for key in ("link", "beijing") if key in short.get(name, {})}
    if ours and body.get("expression") == files[name]["expression"]:
        body = {key: value for key, value in body.items() if key not in ("expression", "type")} | ours
    return body


def _metric(found: dict[str, Any]) -> dict[str, Any]:
    body = {key: found[key] for key in METRIC_KEYS if found.get(key) not in (None, "")}
    body |= {"d3format": ""} if found.get("d3format") == "" else {}
    extra = found.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    certified = extra.get("certification", {}).get("details")
    return body | ({"certified": certified} if certified else {})


def _in_order(found: list[dict[str, Any]], known: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """In the order of the file; what is new comes last, by name."""
    place = {name: number for number, name in enumerate(known)}
    return sorted(found, key=lambda one: (place.get(one[key], len(place)), one[key]))


def _short_lights(found: list[dict[str, Any]], known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The file's own words where nobody changed them, else without what every light has."""
    if found == plain_colours(known):
        return known
    usual = PLAIN_COLOURS.items()
    return [{key: value for key, value in one.items() if (key, value) not in usual} for one in found]


def _take_time_range(viz_type: str, params: dict[str, Any], dataset: dict[str, Any]) -> str | None:
    if viz_type in LEGACY_TIME:
        params.pop("granularity_sqla", None)
        value = params.pop("time_range", None)
        return None if value is None else str(value)
    filters = params.get("adhoc_filters", [])
    mine = [
        one for one in filters if one.get("operator") == "TEMPORAL_RANGE" and one["subject"] == dataset["main_dttm_col"]
    ]
    if not mine:
        return None
    params["adhoc_filters"] = [one for one in filters if one is not mine[0]]
    return str(mine[0]["comparator"])
