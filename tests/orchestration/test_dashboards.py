"""The lineage ends at the screens: dashboards behind their marts in Dagster and, as exposures, in dbt."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from dagster import AssetKey

from orchestration.dashboards import EXPOSURES, exposures, read_dashboards
from orchestration.transform.dashboards import dashboard_assets, dashboard_key


def test_a_dashboard_depends_on_the_marts_of_its_charts_in_every_tab_and_of_its_filters() -> None:
    found = {one.slug: one for one in read_dashboards()}
    assert {"mart_gmv_daily", "mart_gmv_weekly", "mart_gmv_monthly", "dim_shop"} <= set(found["gmv"].marts)
    assert "mart_hot_seller_monthly" not in found["gmv"].marts


def test_every_dashboard_is_an_asset_behind_its_marts_with_owner_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNI_SUPERSET_URL", "http://omni.example/")
    specs = {spec.key: spec for spec in dashboard_assets()}
    for one in read_dashboards():
        spec = specs[dashboard_key(one.slug)]
        assert {dep.asset_key for dep in spec.deps} == {AssetKey(["marts", mart]) for mart in one.marts}
        assert spec.owners == [f"team:{one.owner}"]
        assert spec.metadata["url"].value == f"http://omni.example/superset/dashboard/{one.slug}/"


def test_exposures_are_what_the_files_of_the_dashboards_say() -> None:
    stale = "the dashboards changed: run `uv run omni bi exposures` and commit the file"
    assert EXPOSURES.read_text(encoding="utf-8") == exposures(read_dashboards()), stale


def test_exposures_name_models_that_exist() -> None:
    models = {path.stem for path in (EXPOSURES.parent / "marts").rglob("*.sql")}
    for one in yaml.safe_load(EXPOSURES.read_text(encoding="utf-8"))["exposures"]:
        named = {text.removeprefix("ref('").removesuffix("')") for text in one["depends_on"]}
        assert named <= models, one["name"]


def test_a_dashboard_that_names_a_chart_which_is_not_there_is_an_error(tmp_path: Path) -> None:
    for name in ("dashboards", "charts", "datasets"):
        (tmp_path / name).mkdir()
    (tmp_path / "native_filters.yaml").write_text("[]")
    body = {"slug": "x", "dashboard_title": "x", "filters": [], "layout": [{"height": 1, "charts": {"none": 12}}]}
    (tmp_path / "dashboards" / "x.yaml").write_text(yaml.safe_dump(body))
    with pytest.raises(KeyError, match="none"):
        read_dashboards(tmp_path)
