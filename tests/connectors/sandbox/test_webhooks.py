"""Event files for orders that changed lately (API section 16.5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectors.sandbox.webhooks import write_webhooks


def test_the_latest_changes_become_events_and_the_same_change_is_the_same_event(gateway: Any, tmp_path: Path) -> None:
    world, now = gateway.sandbox.world, gateway.sandbox.now()
    names = write_webhooks(world, tmp_path, 12, now)
    assert write_webhooks(world, tmp_path, 12, now) == names
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    events = [json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in names]
    assert len({event["event_id"] for event in events}) == 12
    latest = sorted((key[0] for shop in world.shops for key in shop.book.updated_between(0, now)), reverse=True)
    assert [event["data"]["updateTime"] for event in events] == latest[:12]


def test_an_event_says_what_the_order_list_says(
    gateway: Any, sellers: list[Any], both: list[str], tmp_path: Path
) -> None:
    shops = {seller.shop.profile.mall_id: seller for seller in sellers}
    for name in write_webhooks(gateway.sandbox.world, tmp_path, 20, gateway.sandbox.now()):
        event = json.loads((tmp_path / name).read_text(encoding="utf-8"))
        data = event["data"]
        assert event["event"] == "bg_order_status_change_event"
        item = shops[data["mallId"]].pages(parentOrderSnList=[data["parentOrderSn"]], fulfillmentTypeList=both)[0]
        statuses = {line["orderSn"]: line["orderStatus"] for line in item["orderList"]}
        assert statuses[data["orderSn"]] == data["orderStatus"]
        assert item["parentOrderMap"]["updateTime"] == data["updateTime"]


def test_no_events_are_asked_for_and_none_are_written(gateway: Any, tmp_path: Path) -> None:
    assert write_webhooks(gateway.sandbox.world, tmp_path / "inbox", 0, gateway.sandbox.now()) == []
