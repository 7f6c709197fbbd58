"""Decrypted event files for orders that changed lately (API section 16.5), as the webhook door would leave them.

Belongs here: files for a look without a door. Real deliveries, sealed and signed, are `push`.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

from connectors.sandbox.push.events import Message, latest_messages
from connectors.sandbox.state import write_json
from connectors.sandbox.world.world import World

_NAMESPACE = uuid.UUID("6f6d6e69-7465-6d75-8000-73616e64626f")


def write_webhooks(world: World, folder: Path, count: int, now: int) -> list[str]:
    """Write one file per changed order, latest change first, at most `count`; the same change is the same event."""
    return [_write(folder, message, now) for message in reversed(latest_messages(world, count, now))]


def _write(folder: Path, message: Message, now: int) -> str:
    body = message.body
    change = f"{message.code}/{body['orderSn']}/{body['orderStatus']}/{message.at}"
    event_id = str(uuid.uuid5(_NAMESPACE, change))
    name = f"{message.at}-{event_id}.json"
    received_at = datetime.fromtimestamp(now, UTC).isoformat()
    write_json(folder / name, {"event_id": event_id, "event": message.code, "received_at": received_at, "data": body})
    return name
