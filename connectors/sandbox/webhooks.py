"""Decrypted event files for orders that changed lately (API section 16.5), as the webhook door would leave them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

from connectors.sandbox.state import write_json
from connectors.sandbox.world.lifecycle import Order, state_at
from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.world import World

EVENT = "bg_order_status_change_event"
_NAMESPACE = uuid.UUID("6f6d6e69-7465-6d75-8000-73616e64626f")


def write_webhooks(world: World, folder: Path, count: int, now: int) -> list[str]:
    """Write one file per changed order, latest change first, at most `count`; the same change is the same event."""
    changed = sorted(
        ((at, sn, shop) for shop in world.shops for at, sn in shop.book.updated_between(0, now)[-count:] if count > 0),
        key=lambda row: (-row[0], row[1]),
    )
    return [_write(folder, shop, shop.book.by_sn[sn], at, now) for at, sn, shop in changed[:count]]


def _write(folder: Path, shop: LiveShop, order: Order, updated_at: int, now: int) -> str:
    line, state = order.lines[0], state_at(order, now).lines[0]
    event_id = str(uuid.uuid5(_NAMESPACE, f"{EVENT}/{line.order_sn}/{state.status}/{updated_at}"))
    name = f"{updated_at}-{event_id}.json"
    write_json(
        folder / name,
        {
            "event_id": event_id,
            "event": EVENT,
            "received_at": datetime.fromtimestamp(now, UTC).isoformat(),
            "data": {
                "mallId": shop.profile.mall_id,
                "parentOrderSn": order.sn,
                "orderSn": line.order_sn,
                "orderStatus": state.status,
                "updateTime": updated_at,
            },
        },
    )
    return name
