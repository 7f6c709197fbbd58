"""Pushed events on a bad line: in any order, some twice, some forged, each by a real request to the door.

Belongs here: from what happened at the gateway to what the door answered. Who empties the door's inbox:
`benchmarks.storm.weeks`. How fast the door is: `benchmarks.webhook`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

import httpx
import uvicorn

from benchmarks.storm.stage import Stage
from connectors.sandbox.push.events import Message, messages_between
from connectors.sandbox.push.sealing import delivery
from connectors.settings import Settings
from connectors.shops import Shop
from orchestration.api.app import build_app
from orchestration.names import WEBHOOK_PATH

MOST = 8
TWICE, FORGED = 0.3, 0.2
Request = tuple[dict[str, str], bytes]


@contextmanager
def open_door(settings: Settings, database_url: str) -> Iterator[httpx.Client]:
    """Who sends to the door of this database, which a thread of this process keeps open until the block ends."""
    server = uvicorn.Server(uvicorn.Config(build_app(settings, database_url), port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as sender:
            yield sender
    finally:
        server.should_exit = True
        thread.join(10)


def deliver(
    stage: Stage, door: httpx.Client, shops: Sequence[Shop], since: int, dice: Random, counts: Counter[str]
) -> None:
    """Send up to `MOST` events that happened after `since`, and count what the door says to them."""
    malls = {shop.temu_shop_id for shop in shops}
    happened = [
        one for one in messages_between(stage.sandbox.world, since, stage.sandbox.now()) if one.mall_id in malls
    ]
    chosen = dice.sample(happened, min(MOST, len(happened)))
    sent = [(one, _sealed(stage, one)) for one in chosen]
    repeated = [one for one in sent if dice.random() < TWICE]
    sent += repeated
    dice.shuffle(sent)
    counts["events repeated"] += len(repeated)
    for message, request in sent:
        if dice.random() < FORGED:
            counts["forged events"] += 1
            counts["forged events taken"] += _is_taken(door, _sealed(stage, message, forged=True))
        counts["events sent"] += 1
        counts["true events refused"] += not _is_taken(door, request)


def _sealed(stage: Stage, message: Message, *, forged: bool = False) -> Request:
    """Sent now: the door lives in real time, whatever the clock of the gateway says."""
    key, secret = stage.sandbox.tokens.apps[message.gateway]
    used = f"{secret[:16]}-forged" if forged else secret
    return delivery(message.code, message.body, app_key=key, secret=used, sent_at_ms=int(time.time() * 1000))


def _is_taken(door: httpx.Client, request: Request) -> bool:
    headers, body = request
    return door.post(WEBHOOK_PATH, headers=headers, content=body).status_code == 200
