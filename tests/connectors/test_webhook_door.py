"""The closed webhook door: it answers, and acknowledges nothing."""

from __future__ import annotations

import httpx
import pytest

from connectors.webhook_door import HEALTH_PATH, WEBHOOK_PATH, build_app


@pytest.fixture
def door():
    return httpx.AsyncClient(transport=httpx.ASGITransport(build_app()), base_url="http://door")


async def test_the_closed_door_is_healthy_and_says_that_it_is_closed(door):
    answer = await door.get(HEALTH_PATH)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "door": "closed"})


async def test_the_closed_door_tells_a_sender_to_keep_its_event(door):
    answer = await door.post(WEBHOOK_PATH, content=b"\x00" * 300_000)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert "Keep the event" in answer.json()["detail"]


async def test_the_closed_door_opens_to_nothing_else(door):
    assert (await door.get(WEBHOOK_PATH)).status_code == 405
    assert (await door.get("/docs")).status_code == 404
