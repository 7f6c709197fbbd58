"""Dashboards as assets behind their marts, so that one lineage leads from endpoint to screen.

Belongs here: keys, owners and addresses. Nothing materialises them: they show what the marts show.
"""

from __future__ import annotations

import os

from dagster import AssetKey, AssetSpec, MetadataValue

from orchestration.dashboards import Dashboard, read_dashboards

GROUP = "dashboards"


def dashboard_assets() -> list[AssetSpec]:
    """One asset per dashboard of superset/assets."""
    address = os.environ.get("OMNI_SUPERSET_URL", "").rstrip("/")
    return [_asset(one, address) for one in read_dashboards()]


def dashboard_key(slug: str) -> AssetKey:
    """Asset key of a dashboard."""
    return AssetKey([GROUP, slug])


def _asset(one: Dashboard, address: str) -> AssetSpec:
    return AssetSpec(
        dashboard_key(one.slug),
        deps=[AssetKey(["marts", mart]) for mart in one.marts],
        description=f"{one.title}\n\n{one.description}",
        group_name=GROUP,
        owners=[f"team:{one.owner}"],
        kinds={"superset"},
        metadata={"url": MetadataValue.url(f"{address}{one.path}"), "charts": one.charts},
    )
