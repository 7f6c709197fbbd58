"""Which dashboard reads which mart, from the files of superset/assets: the end of the lineage.

Belongs here: walking dashboard → chart → dataset → mart, and the same facts as dbt's exposures. Both code locations and
the command line may read it: nothing but YAML is needed. What a chart shows is Superset's matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from connectors.settings import PROJECT_ROOT

ASSETS = PROJECT_ROOT / "superset" / "assets"
EXPOSURES = PROJECT_ROOT / "dbt_project" / "models" / "exposures.yml"
HEAD = (
    "# Dashboards and the marts they read. Written by `omni bi exposures` from superset/assets; do not edit by hand.\n"
)


@dataclass(frozen=True)
class Dashboard:
    """One dashboard with the marts behind its charts and filters; `owner` is a team."""

    slug: str
    title: str
    description: str
    owner: str
    marts: tuple[str, ...]
    charts: int
    tabs: tuple[tuple[str, str], ...]
    """Places that open by themselves: numbers of the tabs from outside in (`2-1`) and their names; ('', '') without."""

    @property
    def path(self) -> str:
        """Below the address of Superset."""
        return f"/superset/dashboard/{self.slug}/"


def read_dashboards(folder: Path = ASSETS) -> list[Dashboard]:
    """All dashboards, by name. KeyError names a chart or dataset that does not exist."""
    datasets = {path.stem: _marts_of(_read(path)) for path in (folder / "datasets").rglob("*.yaml")}
    charts = {path.stem: str(_read(path)["dataset"]) for path in (folder / "charts").rglob("*.yaml")}
    filters = {one["id"].partition("-")[2]: one.get("dataset") for one in _read(folder / "native_filters.yaml")}
    found = []
    for path in sorted((folder / "dashboards").glob("*.yaml")):
        body = _read(path)
        shown = list(_charts_in(body["layout"]))
        used = [charts[name] for name in shown] + [filters[name] for name in body["filters"] if filters[name]]
        marts = sorted(set().union(*(datasets[name] for name in used)))
        found.append(
            Dashboard(
                str(body["slug"]),
                str(body["dashboard_title"]),
                str(body.get("description", "")),
                str(body.get("owner", "data")),
                tuple(marts),
                len(shown),
                tuple(_tabs_in(body["layout"])),
            )
        )
    return found


def exposures(dashboards: list[Dashboard]) -> str:
    """dbt's YAML for these dashboards; the same dashboards give the same text."""
    bodies = [
        {
            "name": f"dashboard_{one.slug.replace('-', '_')}",
            "label": one.title,
            "type": "dashboard",
            "maturity": "high",
            "url": one.path,
            "description": one.description,
            "owner": {"name": one.owner},
            "depends_on": [f"ref('{mart}')" for mart in one.marts],
        }
        for one in dashboards
    ]
    text = yaml.safe_dump({"version": 2, "exposures": bodies}, allow_unicode=True, sort_keys=False, width=120)
    return HEAD + text


def _charts_in(layout: list[dict[str, Any]]) -> Iterator[str]:
    for block in layout:
        yield from block.get("charts", {})
        for tab in block.get("tabs", []):
            yield from _charts_in(tab["layout"])


def _tabs_in(layout: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    tabs = next((block["tabs"] for block in layout if "tabs" in block), None)
    if tabs is None:
        yield "", ""
        return
    for number, tab in enumerate(tabs, start=1):
        for place, name in _tabs_in(tab["layout"]):
            yield "-".join(filter(None, [str(number), place])), " / ".join(filter(None, [tab["title"], name]))


def _marts_of(dataset: dict[str, Any]) -> set[str]:
    return set(re.findall(r"\bmarts\.(\w+)", dataset["sql"])) if "sql" in dataset else {str(dataset["table_name"])}


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
