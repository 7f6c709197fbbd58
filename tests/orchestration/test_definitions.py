"""Both code locations: what loading them may touch, and the names that operators and other programs rely on."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dagster import Definitions

from connectors.settings import PROJECT_ROOT
from orchestration import names
from orchestration.ingest.definitions import build_defs as build_ingest
from orchestration.raw_tables import FILE_TABLES
from orchestration.transform.definitions import build_defs as build_transform

LOADING = """
import socket, sys

def refuse(*_, **__):
    raise AssertionError("loading definitions opened a socket")

socket.socket.connect = refuse
socket.create_connection = refuse
import orchestration.{location}.definitions as module
module.defs.resolve_all_job_defs()
heavy = {{"great_expectations", "pandas", "polars", *({{"dagster_dbt"}} if "{location}" == "ingest" else set())}}
print(sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("location", ["ingest", "transform"])
def test_definitions_load_without_network_environment_or_heavy_imports(location: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADING.format(location=location)],
        env={"PYTHONPATH": str(PROJECT_ROOT), "OMNI_DBT_MANIFEST": str(tmp_path / "absent.json")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []


def _job_names(defs: Definitions) -> list[str]:
    return sorted(job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__"))


@pytest.mark.parametrize("name", ["ingest_orders", "ingest_products", "ingest_reports"])
def test_a_live_run_needs_no_partition_of_an_asset_outside_its_job(name: str) -> None:
    layer = build_ingest().resolve_job_def(name).asset_layer
    inside = layer.selected_asset_keys
    outside = {parent for key in inside for parent in layer.get(key).parent_keys} - inside
    assert inside
    assert {key for key in outside if layer.get(key).is_partitioned} == set()


def test_operators_find_these_jobs_schedules_and_sensors(tmp_path: Path) -> None:
    ingest, transform = build_ingest(), build_transform(tmp_path / "absent.json")
    assert _job_names(ingest) == [
        "ingest_orders",
        "ingest_products",
        "ingest_reports",
        "load_files",
        "recount_orders",
        "refresh_due_orders",
        "refresh_orders",
        "refresh_products",
        "replay_dead_letters",
        "tell_alerts",
        "tidy_up",
        "watch_completeness",
    ]
    assert _job_names(transform) == ["build_marts", "check_ledger", "check_raw"]
    assert {one.name: one.cron_schedule for one in ingest.schedules or []} == {
        "ingest_orders_every_30_minutes": "*/30 * * * *",
        "ingest_products_hourly": "10 * * * *",
        "ingest_reports_daily": "25 9 * * *",
        "reread_yesterday_nightly": "40 1 * * *",
        "recount_closed_days_nightly": "15 3 * * *",
        "watch_completeness_hourly": "20 * * * *",
        "tidy_up_nightly": "50 4 * * *",
        "tell_alerts_quarter_hourly": "*/15 * * * *",
        "watch_deadlines_every_10_minutes": "5-59/10 * * * *",
    }
    assert [one.name for one in ingest.sensors or []] == ["shops_follow_table", "webhook_inbox", "file_inbox"]
    assert [one.name for one in transform.sensors or []] == ["marts_follow_raw"]


def test_the_client_knows_every_job_and_its_location(tmp_path: Path) -> None:
    found = dict.fromkeys(_job_names(build_ingest()), names.INGEST_LOCATION)
    found |= dict.fromkeys(_job_names(build_transform(tmp_path / "absent.json")), names.TRANSFORM_LOCATION)
    assert found == names.LOCATION_OF_JOB


def test_raw_assets_are_the_tables_and_carry_the_keys_of_dbt_sources() -> None:
    keys = {key.to_user_string() for key in build_ingest().resolve_asset_graph().get_all_asset_keys()}
    streams = "orders order_versions order_amounts order_details after_sales after_sales_details"
    streams += " shipments tracking_events after_sales_lines return_parcels"
    catalogue = "products product_snapshots activities activity_goods"
    catalogue += " cancellations unshipped_packages carriers warehouses"
    goods = "goods supplier_prices sku_stocks price_orders activity_candidates ad_details ad_reports ad_goods_reports"
    partner = "bill_files partner_goods partner_stocks partner_prices partner_sales"
    temu = {f"raw_temu/{table}" for table in f"{streams} {catalogue} {goods} {partner}".split()}
    ops = {"ops/dead_letters", "ops/platform_counts", "ops/sync_tasks"}
    assert keys == temu | {f"raw_files/{table}" for table in FILE_TABLES} | ops


def test_file_assets_are_the_tables_that_files_can_fill() -> None:
    from connectors.files.tables import TABLES

    assert set(FILE_TABLES) == set(TABLES)


def test_streams_of_order_money_come_after_what_tells_them_which_orders() -> None:
    graph = build_ingest().resolve_asset_graph()
    parents = {
        key.path[-1]: {parent.path[-1] for parent in graph.get(key).parent_keys} for key in graph.get_all_asset_keys()
    }
    assert parents["order_amounts"] == {"orders", "after_sales"}
    assert parents["order_versions"] == parents["shipments"] == {"orders"}
    assert parents["order_details"] == {"orders", "shipments"}
    assert parents["tracking_events"] == {"shipments"}
    assert parents["return_parcels"] == {"after_sales", "after_sales_lines"}
    assert parents["orders"] == set()


def test_every_raw_asset_has_owner_group_description_and_kinds() -> None:
    graph = build_ingest().resolve_asset_graph()
    for node in graph.asset_nodes:
        assert node.owners, node.key
        assert node.group_name in ("raw_temu", "raw_files", "ops")
        assert node.description, node.key
        assert "postgres" in node.kinds


def test_the_workspace_names_both_locations_and_takes_their_addresses_from_the_environment() -> None:
    workspace = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())
    servers = [entry["grpc_server"] for entry in workspace["load_from"]]
    assert [server["location_name"] for server in servers] == [names.INGEST_LOCATION, names.TRANSFORM_LOCATION]
    assert [server["port"] for server in servers] == [{"env": "OMNI_INGEST_PORT"}, {"env": "OMNI_TRANSFORM_PORT"}]


def test_news_wait_for_no_place_that_days_which_are_read_again_may_hold() -> None:
    instance = yaml.safe_load((PROJECT_ROOT / "orchestration" / "dagster.yaml").read_text())
    limits = instance["concurrency"]["runs"]["tag_concurrency_limits"]
    assert {(one["key"], one.get("value")): one["limit"] for one in limits} == {
        (names.MODE_TAG, names.WINDOW): 1,
        ("dagster/backfill", None): 1,
    }
    steps = build_ingest().resolve_job_def("ingest_orders").all_node_defs
    assert {step.pool for step in steps if step.name == names.SHOP_DAY_STEP} == {None}
