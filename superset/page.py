"""The page of a dashboard as its reader gets it: without the charts, filters and links that they may not use.

Belongs here: taking them out of the answers to its own questions. Access itself is refused elsewhere, in any case
(readers.py); without this the page would show an error in the place of each of them, and links would lead to one.
"""

import json
import re
from collections.abc import Callable
from typing import Any

ROUTE = re.compile(r"^/api/v1/dashboard/[^/]+$")
DATA_ROUTE = re.compile(r"^/api/v1/chart/(data|\d+/data/?)$")
LINK = re.compile(
    rb'<a href=\\"/superset/dashboard/([\w-]+)/[^>]*>'
)  # within JSON; a link's own ">" is escaped (links.py)


def leave_out_what_is_closed(app: Any) -> None:
    """Register the hook."""
    from flask import request

    def shorten(response: Any) -> Any:
        if request.method == "GET" and ROUTE.match(request.path) and response.status_code == 200:
            body = response.get_json(silent=True)
            if body and "position_json" in (body.get("result") or {}):
                response.set_data(json.dumps(body | {"result": _shortened(body["result"])}))
        elif DATA_ROUTE.match(request.path) and response.is_json and LINK.search(response.get_data()):
            response.set_data(without_links(response.get_data(), _is_open))
        return response

    app.after_request(shorten)


def without_links(body: bytes, is_open: Callable[[str], bool]) -> bytes:
    """The JSON text with the words of links to dashboards that are not open, but without the links."""
    closed = {slug for slug in {match[1] for match in LINK.finditer(body)} if not is_open(slug.decode())}
    return LINK.sub(lambda match: b"<a>" if match[1] in closed else match[0], body)


def _is_open(slug: str) -> bool:
    from superset.exceptions import SupersetSecurityException
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    from superset import security_manager

    dashboard = db.session.query(Dashboard).filter_by(slug=slug).one_or_none()
    try:
        if dashboard:
            security_manager.raise_for_access(dashboard=dashboard)
    except SupersetSecurityException:
        return False
    return dashboard is not None


def _shortened(dashboard: dict[str, Any]) -> dict[str, Any]:
    position = json.loads(dashboard["position_json"] or "{}")
    closed = _closed_charts({node["meta"]["chartId"] for node in charts_in(position)})
    if closed:
        dashboard["position_json"] = json.dumps(without_charts(position, closed))
    metadata = json.loads(dashboard.get("json_metadata") or "{}")
    filters = metadata.get("native_filter_configuration", [])
    shut = _closed_datasets({target["datasetId"] for one in filters for target in one["targets"] if target})
    if shut:
        open_ones = [one for one in filters if not shut & {target.get("datasetId") for target in one["targets"]}]
        dashboard["json_metadata"] = json.dumps(metadata | {"native_filter_configuration": open_ones})
    return dashboard


def charts_in(position: dict[str, Any]) -> list[dict[str, Any]]:
    """The chart nodes of a position tree."""
    return [node for node in position.values() if isinstance(node, dict) and node.get("type") == "CHART"]


def without_charts(position: dict[str, Any], closed: set[int]) -> dict[str, Any]:
    """The tree without these charts, and without rows and tabs that are empty then."""
    nodes = {key: node for key, node in position.items() if key not in _ids_of(position, closed)}
    while True:
        empty = {
            key
            for key, node in nodes.items()
            if isinstance(node, dict)
            and node.get("type") in ("ROW", "TAB", "TABS")
            and not set(node.get("children", [])) & set(nodes)
        }
        if not empty:
            break
        nodes = {key: node for key, node in nodes.items() if key not in empty}
    for key, node in nodes.items():
        if isinstance(node, dict) and "children" in node:
            nodes[key] = node | {"children": [child for child in node["children"] if child in nodes]}
    return nodes


def _ids_of(position: dict[str, Any], closed: set[int]) -> set[str]:
    return {node["id"] for node in charts_in(position) if node["meta"]["chartId"] in closed}


def _closed_charts(ids: set[int]) -> set[int]:
    from superset.extensions import db
    from superset.models.slice import Slice

    from superset import security_manager

    charts = db.session.query(Slice).filter(Slice.id.in_(ids))
    return {one.id for one in charts if not security_manager.can_access_datasource(one.datasource)}


def _closed_datasets(ids: set[int]) -> set[int]:
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db

    from superset import security_manager

    tables = db.session.query(SqlaTable).filter(SqlaTable.id.in_(ids))
    return {one.id for one in tables if not security_manager.can_access_datasource(one)}
