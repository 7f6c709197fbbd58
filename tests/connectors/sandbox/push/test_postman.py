"""The sandbox as a sender of events: what it tells, how it signs, what it does when nobody listens (API section 16)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.sandbox.push.events import latest_messages, messages_between
from connectors.sandbox.push.postman import RETRY_AFTER, Postman
from connectors.sandbox.push.sealing import delivery
from connectors.sandbox.push.subscription import BadSubscriptionError, Subscription

FIXTURES = Path(__file__).parents[3] / "fixtures" / "webhooks"
DAY = 86_400


class Door:
    """Answers with the next of these statuses (the last one for ever) and remembers what came."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses) or [200]
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return httpx.Response(status, json={"result": {}})


def postman(gateway: Any, door: Door, **troubles: Any) -> Postman:
    sender = Postman(gateway.sandbox, httpx.AsyncClient(transport=httpx.MockTransport(door)))
    sender.subscribe(Subscription.of({"url": "http://door/api/webhook/temu", **troubles}))
    return sender


@pytest.mark.parametrize(
    "name", ["order-status-change", "order-status-change.ext-not-signed", "aftersales-status-change"]
)
def test_a_delivery_is_sealed_and_signed_like_the_platforms_samples(name: str) -> None:
    sample = json.loads((FIXTURES / f"{name}.json").read_text())
    sent = sample["request"]["headers"]
    form = "with_ext" if "x-tm-ext-param" in sample["signed_fields"] else "without_ext"
    headers, body = delivery(
        sent["x-tm-event-code"], sample["decrypted"], app_key=sent["x-tm-app-key"],
        secret=sample["sandbox_app_secret"], sent_at_ms=int(sent["x-tm-timestamp"]), form=form,
    )  # fmt: skip
    assert headers == sent
    assert json.loads(body) == sample["request"]["body"]


def test_a_day_brings_events_of_every_kind_that_agree_with_the_gateway(
    gateway: Any, sellers: list[Any], both: Any
) -> None:
    world, now = gateway.sandbox.world, gateway.sandbox.now()
    messages = messages_between(world, now - 3 * DAY, now)
    codes = {message.code for message in messages}
    assert codes >= {"bg_order_status_change_event", "bg_aftersales_status_change", "bg_cancel_order_status_change"}
    assert [message.at for message in messages] == sorted(message.at for message in messages)
    assert messages == messages_between(world, now - 3 * DAY, now)
    shops = {seller.shop.profile.mall_id: seller for seller in sellers}
    for message in latest_messages(world, 10, now):
        body = message.body
        item = shops[body["mallId"]].pages(parentOrderSnList=[body["parentOrderSn"]], fulfillmentTypeList=both)[0]
        assert {line["orderSn"]: line["orderStatus"] for line in item["orderList"]}[body["orderSn"]] == body[
            "orderStatus"
        ]


async def test_news_are_told_once_and_only_from_the_subscription_on(own_gateway: Any) -> None:
    door = Door()
    sender = postman(own_gateway, door)
    assert sender.collect() == 0
    own_gateway.sandbox.advance(6 * 3600)
    told = sender.collect()
    await sender.deliver_due(time.monotonic() + 60)
    assert told > 0
    assert len(door.seen) == told == sender.counts["taken"]
    assert sender.collect() == 0
    assert {request.headers["x-tm-ext-param"] for request in door.seen} == {"{}"}


async def test_what_is_not_taken_is_repeated_on_the_platforms_schedule_and_then_given_up(gateway: Any) -> None:
    door = Door(503)
    sender = postman(gateway, door)
    sender.post(latest_messages(gateway.sandbox.world, 1, gateway.sandbox.now()))
    now = time.monotonic() + 1
    await sender.deliver_due(now)
    for number, pause in enumerate(RETRY_AFTER, start=2):
        await sender.deliver_due(now + pause - 1)
        assert len(door.seen) == number - 1
        now += pause
        await sender.deliver_due(now)
        assert len(door.seen) == number
    await sender.deliver_due(now + 10 * DAY)
    assert len(door.seen) == 1 + len(RETRY_AFTER)
    assert sender.counts["given up"] == 1
    assert sender.as_json()["waiting"] == 0


async def test_duplicates_forgeries_drops_and_wrong_order_on_demand(gateway: Any) -> None:
    door = Door()
    messages = latest_messages(gateway.sandbox.world, 40, gateway.sandbox.now())
    sender = postman(gateway, door, duplicates=0.5, forge=0.3, drop=0.2, reorder_seconds=1000)
    sender.post(messages)
    await sender.deliver_due(time.monotonic() + 2000)
    counts = sender.counts
    assert counts["events"] == 40
    assert min(counts["duplicates"], counts["forged taken"], counts["dropped"]) > 0
    assert len(door.seen) == 40 - counts["dropped"] + counts["duplicates"] + counts["forged taken"]
    bodies = [request.content for request in door.seen]
    assert len(set(bodies)) < len(bodies)
    door.seen.clear()
    calm = postman(gateway, door)
    calm.post(messages)
    await calm.deliver_now()
    in_order = [request.content for request in door.seen]
    assert [body for body in bodies if body in in_order] != [body for body in in_order if body in bodies]


def test_a_subscription_that_cannot_be_served_is_explained(gateway: Any) -> None:
    for wanted, words in (
        ({}, "url must be"),
        ({"url": "ftp://x"}, "url must be"),
        ({"url": "http://x", "forms": ["morse"]}, "forms must be"),
        ({"url": "http://x", "drop": "often"}, "drop must be a number"),
        ({"url": "http://x", "colour": 1}, "unknown: colour"),
    ):
        with pytest.raises(BadSubscriptionError, match=words):
            Subscription.of(wanted)
    with pytest.raises(BadSubscriptionError, match="no subscription"):
        Postman(gateway.sandbox, httpx.AsyncClient()).post(
            latest_messages(gateway.sandbox.world, 1, gateway.sandbox.now())
        )
