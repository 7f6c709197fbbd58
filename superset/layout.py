"""Rows and tabs of a dashboard file → Superset's position tree.

A layout is a list of blocks. A block is a row `{height, charts: {slug: width, …}}` (12 columns per row, height in grid
units of 8 px), a text `{note: markdown, height}`, or `{tabs: [{title, layout}, …]}`.
"""

import hashlib
from typing import Any

GRID_COLUMNS = 12


def short_id(kind: str, path: str) -> str:
    """A node id that depends on the node's place only."""
    return f"{kind}-{hashlib.sha256(path.encode()).hexdigest()[:10]}"


def position_of(title: str, layout: list[dict[str, Any]], charts: dict[str, Any]) -> dict[str, Any]:
    """The position tree. ValueError when a row is wider than the grid; KeyError when a chart does not exist."""
    return _Tree(charts).build(title, layout)


def chart_ids(position: dict[str, Any]) -> dict[str, int]:
    """uuid of a chart → the placeholder id it has in this tree; the import replaces it by that of the installation."""
    nodes = [node for node in position.values() if isinstance(node, dict) and node["type"] == "CHART"]
    return {node["meta"]["uuid"]: node["meta"]["chartId"] for node in nodes}


def chart_slugs(layout: list[dict[str, Any]]) -> list[str]:
    """Names of all charts of a layout, the tabs' included, in reading order."""
    slugs: list[str] = []
    for block in layout:
        slugs += block.get("charts", {})
        for tab in block.get("tabs", []):
            slugs += chart_slugs(tab["layout"])
    return slugs


class _Tree:
    """Collects nodes; ids come from content, so that the same layout always gives the same tree."""

    def __init__(self, charts: dict[str, Any]) -> None:
        self._charts = charts
        self._next_chart_id = 1
        self._nodes: dict[str, Any] = {}

    def build(self, title: str, layout: list[dict[str, Any]]) -> dict[str, Any]:
        self._nodes = {
            "DASHBOARD_VERSION_KEY": "v2",
            "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": title}},
            "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        }
        children = self._blocks(layout, ["ROOT_ID", "GRID_ID"], "grid")
        self._add("GRID_ID", "GRID", ["ROOT_ID"], children, {})
        return self._nodes

    def _blocks(self, layout: list[dict[str, Any]], parents: list[str], path: str) -> list[str]:
        return [self._block(block, parents, f"{path}/{index}") for index, block in enumerate(layout)]

    def _block(self, block: dict[str, Any], parents: list[str], path: str) -> str:
        if "tabs" in block:
            return self._tabs(block["tabs"], parents, path)
        identity = short_id("ROW", path)
        inner = [*parents, identity]
        if "note" in block:
            children = [self._note(block, inner, path)]
        else:
            children = [self._chart(slug, width, block["height"], inner) for slug, width in block["charts"].items()]
            if sum(block["charts"].values()) > GRID_COLUMNS:
                raise ValueError(f"row {path} is wider than {GRID_COLUMNS} columns: {block['charts']}")
        self._add(identity, "ROW", parents, children, {"background": "BACKGROUND_TRANSPARENT"})
        return identity

    def _tabs(self, tabs: list[dict[str, Any]], parents: list[str], path: str) -> str:
        identity = short_id("TABS", path)
        children = []
        for index, tab in enumerate(tabs):
            tab_path = f"{path}/tab{index}"
            tab_id = short_id("TAB", tab_path)
            inside = self._blocks(tab["layout"], [*parents, identity, tab_id], tab_path)
            self._add(tab_id, "TAB", [*parents, identity], inside, {"text": tab["title"]})
            children.append(tab_id)
        self._add(identity, "TABS", parents, children, {})
        return identity

    def _note(self, block: dict[str, Any], parents: list[str], path: str) -> str:
        identity = short_id("MARKDOWN", path)
        meta = {"code": block["note"], "height": block["height"], "width": GRID_COLUMNS}
        self._add(identity, "MARKDOWN", parents, [], meta)
        return identity

    def _chart(self, slug: str, width: int, height: int, parents: list[str]) -> str:
        chart = self._charts[slug]
        identity = short_id("CHART", slug)
        meta = {
            "uuid": chart["uuid"],
            "chartId": self._next_chart_id,
            "sliceName": chart["slice_name"],
            "width": width,
            "height": height,
        }
        self._next_chart_id += 1
        self._add(identity, "CHART", parents, [], meta)
        return identity

    def _add(self, identity: str, kind: str, parents: list[str], children: list[str], meta: dict[str, Any]) -> None:
        node: dict[str, Any] = {"type": kind, "id": identity, "children": children, "parents": parents}
        self._nodes[identity] = node | ({"meta": meta} if meta or kind in ("ROW", "TABS") else {})
