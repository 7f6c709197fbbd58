"""Staging of pushed events and of single records (§3.3), with the words of the metric specification."""

from __future__ import annotations

from tests.dbt_project.conftest import Warehouse


def test_events_and_items_are_read_as_the_door_and_the_refresh_leave_them(warehouse: Warehouse) -> None:
    warehouse.execute("truncate ops.webhook_events, ops.sync_logs")
    warehouse.execute("delete from ops.shops where temu_shop_id = 909")
    warehouse.execute(
        "insert into ops.shops (temu_shop_id, shop_name, region, gateway, app_key)"
        " values (909, 'Pushed', 'US', 'US', 'k')"
    )
    warehouse.execute(
        "insert into ops.webhook_events (event_id, event_type, temu_shop_id, parent_order_sn, received_at,"
        " processed_at, signature_ok, reason) values"
        " ('a', 'bg_order_status_change_event', 909, 'PO-1', '2026-11-01T00:00Z', '2026-11-01T00:00:09Z', true, null),"
        " ('b', 'bg_order_status_change_event', 777, 'PO-2', '2026-11-01T00:00Z', null, false, 'signature')"
    )
    warehouse.execute(
        "insert into ops.sync_logs (task_id, run_id, shop_id, stream, item_key, status)"
        " select gen_random_uuid(), 'r', id, 'orders', 'PO-1', 'ok' from ops.shops where temu_shop_id = 909"
    )
    warehouse.dbt("build", "--select", "stg_temu__webhook_events", "stg_temu__sync_logs")
    events = warehouse.rows(
        "select event_id, shop_id is not null as ours, order_sn, signature_ok, reason"
        " from staging.stg_temu__webhook_events order by 1"
    )
    assert events == [
        {"event_id": "a", "ours": True, "order_sn": "PO-1", "signature_ok": True, "reason": None},
        {"event_id": "b", "ours": False, "order_sn": "PO-2", "signature_ok": False, "reason": "signature"},
    ]
    items = warehouse.rows("select entity, item_key, status from staging.stg_temu__sync_logs")
    assert items == [{"entity": "orders", "item_key": "PO-1", "status": "ok"}]
    warehouse.execute("delete from ops.shops where temu_shop_id = 909")
    warehouse.execute("truncate ops.webhook_events, ops.sync_logs")
