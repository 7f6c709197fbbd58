"""Every sample answer, opened by the client as it comes over the wire: whatever shape its result has (API §3.4)."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from connectors.temu.client import Credentials, TemuClient
from connectors.temu.pagination import read_page
from connectors.temu.streams import ORDER_LIST

FIXTURES = Path(__file__).parents[2] / "fixtures" / "temu"
ANSWERS = {one.stem: one.read_bytes() for one in sorted(FIXTURES.glob("*.json")) if not one.stem.startswith("error.")}


class FreeQuota:
    """A limiter that never waits."""

    async def acquire(self) -> None:
        """At once."""

    async def penalise(self, seconds: float) -> None:
        raise AssertionError(f"nobody was told to slow down, least of all for {seconds} seconds")


def _client(answer: bytes, dialect: str = "router") -> TemuClient:
    """A client whose gateway always says the same."""
    return TemuClient(
        httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=answer))),
        shop="Acme US",
        gateway="US",
        gateway_url="http://gateway.test/US",
        credentials=Credentials("key", SecretStr("secret"), SecretStr("token")),
        limiter=FreeQuota(),
        dialect=dialect,
    )


@pytest.mark.parametrize("name", ANSWERS)
async def test_every_sample_answer_is_opened_to_its_own_result(name: str) -> None:
    dialect = "rest" if name.startswith("seed-dialect.") else "router"
    opened = await _client(ANSWERS[name], dialect).call("/api/any")
    assert json.loads(bytes(opened)) == json.loads(ANSWERS[name]).get("result")


async def test_a_page_beyond_the_end_is_empty_and_still_tells_the_total() -> None:
    whole = ANSWERS["bg.order.list.v2.get.page3-empty"]
    page = await read_page(_client(whole), ORDER_LIST, {}, 3)
    assert (page.total, page.found.records, page.found.rejected) == (6, [], [])
