"""What the loader tells about itself becomes marts that judge it (§9), whatever somebody puts into these relations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.dbt_project.conftest import Warehouse

AS_OF = ("--vars", "{as_of_date: '2026-03-01'}")
NASTY = [None, "", "NaN", "-1", "99999999999999999999999", "abc", "infinity", "9999-12-31", "2026-02-30", "running"]
COLUMNS = {
    "stg_temu__sync_tasks": "id shop_id entity mode status items_total items_ok items_failed calls retries error_class"
    " error_message window_start window_end run_id started_at completed_at",
    "stg_temu__sync_cursors": "shop_id entity last_synced_at page_token updated_at",
    "stg_temu__sync_dead_letters": "id shop_id entity error_class error_message payload created_at resolved_at",
    "stg_temu__platform_order_counts": "shop_id order_date reported_orders counted_at",
    "stg_temu__order_detail_tasks": "id shop_id parent_order_sn status created_at completed_at",
    "stg_temu__sync_ledger": "shop_id ledger_date entity landed_records unexplained_records causes counted_at",
    "stg_files__import_history": "id import_type status rows_ok rows_failed rows_skipped started_at completed_at",
}


def _fill(warehouse: Warehouse, model: str, good: list[dict[str, object]]) -> None:
    types = dict.fromkeys(COLUMNS[model].split(), "text")
    nasty = [dict.fromkeys(types, value) for value in NASTY]
    for column in types:
        nasty += [
            (good or [{}])[0] | {"id": f"{column} {number}"} | {column: value} for number, value in enumerate(NASTY)
        ]
    warehouse.fill(model, types, [*nasty, *good])


def test_good_rows_are_judged_rightly_beside_rows_that_make_no_sense(warehouse: Warehouse) -> None:
    now = datetime.now(UTC)
    warehouse.fill(
        "stg_temu__shops",
        {"id": "bigint", "shop_name": "text", "region": "text", "is_active": "boolean", "environment": "text"},
        [
            {"id": 1, "shop_name": "one", "region": "US", "is_active": True},
            {"id": 2, "shop_name": "closed", "region": "US", "is_active": False},
            {"id": 3, "shop_name": "trial", "region": "US", "is_active": True, "environment": "sandbox"},
        ],
    )
    run = {"id": "good", "shop_id": "2", "entity": "orders", "status": "completed", "items_total": "10"}
    run |= {"items_ok": "9", "items_failed": "1", "started_at": "2026-03-01T00:00:00Z"}
    run |= {"completed_at": "2026-03-01T00:00:30Z"}
    fresh = {"shop_id": "1", "entity": "orders", "last_synced_at": (now - timedelta(minutes=50)).isoformat()}
    _fill(warehouse, "stg_temu__sync_tasks", [run])
    _fill(warehouse, "stg_temu__sync_cursors", [])
    warehouse.execute("truncate staging.stg_temu__sync_cursors")
    warehouse.execute(
        "insert into staging.stg_temu__sync_cursors (shop_id, entity, last_synced_at)"
        f" values ('1', 'orders', '{fresh['last_synced_at']}'), ('x', 'orders', 'yesterday'), (null, null, null)"
    )
    _fill(
        warehouse,
        "stg_temu__platform_order_counts",
        [{"shop_id": "1", "order_date": "2026-02-20", "reported_orders": "3", "counted_at": "2026-02-22T00:00:00Z"}],
    )
    line = {"shop_id": "1", "ledger_date": "2026-02-20", "entity": "orders", "unexplained_records": "2"}
    _fill(warehouse, "stg_temu__sync_ledger", [line | {"causes": '{"dead_letter": 1}', "counted_at": "2026-03-01"}])
    for model in ("stg_temu__sync_dead_letters", "stg_temu__order_detail_tasks", "stg_files__import_history"):
        _fill(warehouse, model, [])
    warehouse.build_marts(*AS_OF)
    [built] = warehouse.rows("select * from marts.mart_sync_runs where task_id = 'good'")
    assert (built["status"], str(built["duration_seconds"]), str(built["success_rate"])) == (
        "completed",
        "30.000",
        "0.9000",
    )
    states = {
        (row["shop_name"], row["entity"]): row["state"]
        for row in warehouse.rows("select * from marts.mart_source_freshness")
    }
    assert states["one", "orders"] == "fresh"  # 50 minutes, expected every 30
    assert states["one", "products"] == "stale"  # never read
    assert {state for (shop, _), state in states.items() if shop != "one"} == {"paused"}
    [gap] = warehouse.rows("select * from marts.mart_sync_reconciliation where reported_orders = 3")
    assert (gap["gap"], gap["is_alert"]) == (3, True)
    told = warehouse.rows("select * from marts.mart_sync_ledger where entity = 'orders' and causes is not null")
    assert {(row["is_alert"], row["causes"]) for row in told if row["shop_id"] == 1} >= {(True, "死信 Dead letter 1")}
    _only_what_builds_renew_can_be_stale(warehouse)
    _a_mart_is_not_empty_where_its_upstream_is_not(warehouse)


def _only_what_builds_renew_can_be_stale(warehouse: Warehouse) -> None:
    """§8: every mart is at most two hours behind the newest raw rows; an alert that is over is as old as it is."""
    warehouse.execute(
        "insert into marts.mart_shop_alerts (alert_date, rule, rule_name, severity, entity_key, first_seen, last_seen,"
        " status, closed_on, days_open, _refreshed_at) values ('2026-02-01', 'grade_drop', 'grade', 'high', '9',"
        " '2026-02-01', '2026-02-02', 'closed', '2026-02-03', 1, '2026-02-03')"
    )
    is_fresh = ("test", "--select", "e_every_mart_is_fresh_and_filled", *AS_OF)
    warehouse.dbt(*is_fresh)
    warehouse.execute("update marts.mart_shop_alerts set status = 'open', closed_on = null where entity_key = '9'")
    with pytest.raises(AssertionError, match="e_every_mart_is_fresh_and_filled: Got 1 result"):
        warehouse.dbt(*is_fresh)


def _a_mart_is_not_empty_where_its_upstream_is_not(warehouse: Warehouse) -> None:
    """§8; nothing to alert about is no fault."""
    warehouse.execute("truncate marts.mart_shop_alerts, marts.mart_money_alerts")
    warehouse.dbt("test", "--select", "e_every_mart_is_fresh_and_filled", *AS_OF)
    warehouse.execute("truncate marts.mart_dead_letters")
    with pytest.raises(AssertionError, match="e_every_mart_is_fresh_and_filled: Got 1 result"):
        warehouse.dbt("test", "--select", "e_every_mart_is_fresh_and_filled", *AS_OF)
