"""Which marts are built from which raw tables, read off dbt's manifest.

Belongs here: walking its graph. No dbt or Dagster import: shell commands start fast.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def marts_behind(manifest: Mapping[str, Any], raw_tables: Collection[str]) -> list[str]:
    """Names of the models in schema `marts` that come after these tables of `raw_temu`, in order of the alphabet."""
    open_nodes = [
        name
        for name, source in manifest["sources"].items()
        if source["schema"] == "raw_temu" and source["name"] in raw_tables
    ]
    seen = set(open_nodes)
    while open_nodes:
        after = set(manifest["child_map"].get(open_nodes.pop(), ())) - seen
        seen |= after
        open_nodes += after
    found = [manifest["nodes"][name] for name in seen if name.startswith("model.")]
    return sorted(node["name"] for node in found if node["schema"] == "marts")
