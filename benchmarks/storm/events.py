"""Pushed events on a bad line: in any order, some twice, some forged.

Belongs here: from what happened at the gateway to the orders that verified events name. The door itself, with its
files and answers: `benchmarks.webhook`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from pydantic import SecretStr

from benchmarks.storm.stage import Stage
from connectors.sandbox.push.events import Message, messages_between
from connectors.sandbox.push.sealing import delivery
from connectors.shops import Shop
from connectors.temu.webhooks import Delivery, UnverifiedDeliveryError, open_delivery, sealed_body

MOST = 8
TWICE, FORGED = 0.3, 0.2


def deliver(
    stage: Stage, shops: Sequence[Shop], since: int, dice: Random, counts: Counter[str]
) -> dict[int, list[str]]:
    """Order numbers by mall id, of up to `MOST` events that happened after `since`; each event counts once."""
    malls = {shop.temu_shop_id for shop in shops}
    happened = [
        one for one in messages_between(stage.sandbox.world, since, stage.sandbox.now()) if one.mall_id in malls
    ]
    sent = dice.sample(happened, min(MOST, len(happened)))
    sent += [one for one in sent if dice.random() < TWICE]
    dice.shuffle(sent)
    named: dict[int, list[str]] = {}
    seen: set[str] = set()
    for message in sent:
        counts["events sent"] += 1
        if dice.random() < FORGED:
            counts["forged events"] += 1
            counts["forged events taken"] += _open(stage, message, forged=True) is not None
        event = _open(stage, message)
        if event is None or event.id in seen:
            counts["repeated events"] += event is not None
            continue
        seen.add(event.id)
        if event.mall_id and event.parent_order_sn:
            named.setdefault(event.mall_id, []).append(event.parent_order_sn)
    return named


def _open(stage: Stage, message: Message, *, forged: bool = False):
    """The event as the door would read it; None if it is refused."""
    key, secret = stage.sandbox.tokens.apps[message.gateway]
    used = f"{secret[:16]}-forged" if forged else secret
    headers, body = delivery(message.code, message.body, app_key=key, secret=used, sent_at_ms=message.at * 1000)
    pushed = Delivery(
        app_key=headers["x-tm-app-key"], event_code=headers["x-tm-event-code"], timestamp=headers["x-tm-timestamp"],
        signature=headers["x-tm-signature"], event_data=sealed_body(body), ext_param=headers["x-tm-ext-param"],
    )  # fmt: skip
    try:
        return open_delivery(pushed, [SecretStr(secret)])
    except UnverifiedDeliveryError:
        return None
