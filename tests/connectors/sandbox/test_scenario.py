"""Scenarios: faults on certain days, sellers who change their tokens, and a file that is checked beforehand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from connectors.sandbox.cli import app
from connectors.sandbox.faults import KINDS, UnknownFaultError
from connectors.sandbox.sandbox import Options, Sandbox
from connectors.sandbox.scenario import SIXTY_DAYS, BadScenarioError, Scenario
from connectors.sandbox.server import build_app
from tests.connectors.sandbox.test_server import end, start

LIST = "bg.order.list.v2.get"
SUBSCRIPTION = "/sandbox/webhooks/subscription"
DAY = 86_400


def _scenario(folder: Path, **parts: object) -> Scenario:
    file = folder / "scenario.json"
    file.write_text(json.dumps(parts))
    return Scenario.of(file)


def test_the_sixty_days_hold_every_fault_and_end_calmly() -> None:
    rules = Scenario.of(SIXTY_DAYS).rules(0)
    assert {rule.kind for rule in rules} == set(KINDS)
    assert max(rule.until for rule in rules) == 58 * DAY


def test_a_fault_is_in_force_on_its_days_only(own_gateway: Any, seller_of: Any, tmp_path: Path) -> None:
    sandbox, seller = own_gateway.sandbox, seller_of(own_gateway)
    sandbox.play(_scenario(tmp_path, faults=[{"kind": "throttle", "days": [1, 1.5]}]))
    assert seller.call(LIST)
    sandbox.advance(DAY)
    assert seller.refusal(LIST) == 4000004
    sandbox.advance(DAY / 2)
    assert seller.call(LIST)


def test_sellers_change_their_tokens_when_the_day_has_come(own_gateway: Any, seller_of: Any, tmp_path: Path) -> None:
    sandbox, seller = own_gateway.sandbox, seller_of(own_gateway)
    name = seller.shop.profile.name
    steps = [{"day": 2, "shop": name, "rotate": True}, {"day": 1, "shop": name, "revoke": [LIST]}]
    sandbox.play(_scenario(tmp_path, tokens=steps))
    old = sandbox.tokens.credentials(seller.shop)
    assert seller.call(LIST)
    sandbox.advance(DAY)
    assert seller.refusal(LIST) == 3000032
    sandbox.advance(DAY)
    assert sandbox.tokens.credentials(seller.shop) != old
    assert sandbox.state.steps == []


def test_a_sandbox_that_is_started_again_goes_on_with_its_scenario(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text('{"tokens": [{"day": 0.5, "shop": "Nordlicht DE", "rotate": true}]}')
    options = Options(tmp_path / "world", days=2, orders_per_day=2, now=None, scenario=file)
    first = Sandbox(options)
    first.advance(DAY)
    rotated = first.tokens.credentials(first.world.shops[1])
    again = Sandbox(options)
    again.advance(DAY)
    assert again.tokens.credentials(again.world.shops[1]) == rotated


async def test_a_scenario_troubles_every_subscription_that_does_not_name_its_own(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text('{"webhooks": {"duplicates": 0.3, "forge": 0.2, "reorder_seconds": 9}}')
    options = Options(tmp_path / "world", days=2, orders_per_day=2, scenario=file)
    Sandbox(options)
    transport = httpx.ASGITransport(build_app(Sandbox(options)))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as again:
        assert (await again.get(SUBSCRIPTION)).json()["subscription"] is None
        answer = await again.put(SUBSCRIPTION, json={"url": "http://door.invalid", "forge": 0})
    found = answer.json()["subscription"]
    assert [found[name] for name in ("duplicates", "forge", "reorder_seconds", "drop")] == [0.3, 0, 9, 0]


def test_a_file_is_played_by_the_command_that_serves(tmp_path: Path) -> None:
    file, world = tmp_path / "storm.json", tmp_path / "world"
    faults = [{"kind": "http_error", "status": 504, "days": [0, 1], "shop": "Harbor Home US"}]
    tokens = [{"day": 0.5, "shop": "Harbor Home US", "rotate": True}]
    webhooks = {"url": "http://127.0.0.1:9/door", "drop": 1}
    file.write_text(json.dumps({"about": "x", "faults": faults, "tokens": tokens, "webhooks": webhooks}))
    process, ready = start(world, "--days", "2", "--orders-per-day", "2", "--scenario", str(file))
    try:
        with httpx.Client(base_url=ready["url"], timeout=10) as client:
            [fault] = client.get("/sandbox/faults").json()["faults"]
            now = client.get("/sandbox/clock").json()["now"]
            before = client.get("/sandbox/shops").json()[0]
            assert (fault["kind"], fault["status"], fault["until"] - fault["since"]) == ("http_error", 504, DAY)
            assert fault["since"] <= now < fault["until"]
            told = {"app_key": before["app_key"], "access_token": before["access_token"]}
            assert client.post("/US/api/order/list", json=told).status_code == 504
            client.post("/sandbox/clock/advance", json={"seconds": DAY})
            assert client.post("/US/api/order/list", json=told).status_code == 401
            assert client.get("/sandbox/shops").json()[0]["access_token"] != before["access_token"]
            assert client.get(SUBSCRIPTION).json()["subscription"]["url"] == webhooks["url"]
            runner, place = CliRunner(), ["--data-dir", str(world)]
            shown = runner.invoke(app, ["webhooks", "http://127.0.0.1:9/other", "--forge", "0.5", *place]).output
            assert '"drop": 1,' in shown
            assert '"forge": 0.5' in shown
    finally:
        assert end(process) == (0, "")


def test_a_file_that_is_no_scenario_keeps_the_command_from_serving(tmp_path: Path) -> None:
    file = tmp_path / "storm.json"
    file.write_text('{"faults": [{"kind": "earthquake", "days": [0, 1]}]}')
    result = CliRunner().invoke(app, ["serve", "--scenario", str(file), "--data-dir", str(tmp_path / "world")])
    assert result.exit_code == 1
    assert "earthquake" in result.output


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"faults": [{"kind": "throttle"}]}, "days"),
        ({"faults": [{"kind": "earthquake", "days": [0, 1]}]}, "earthquake"),
        ({"faults": [{"kind": "throttle", "days": [2, 1]}]}, "days"),
        ({"tokens": [{"day": 1, "shop": "x", "rotate": True, "expire": True}]}, "one of"),
        ({"tokens": [{"day": 1, "shop": "x", "revoke": True}]}, "list"),
        ({"storms": []}, "faults, tokens"),
        ({"webhooks": []}, "webhooks must be an object"),
        ({"webhooks": {"drop": "often"}}, "webhooks: drop must be a number"),
        ({"webhooks": {"url": "ftp://door"}}, "webhooks: url must be"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused_with_the_entry(tmp_path: Path, parts: Any, words: str) -> None:
    with pytest.raises(BadScenarioError, match=words):
        _scenario(tmp_path, **parts)


def test_a_seller_that_nobody_knows_is_refused_before_anything_is_played(own_gateway: Any, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="Nordlicht DE"):
        own_gateway.sandbox.play(_scenario(tmp_path, tokens=[{"day": 1, "shop": "Nobody", "rotate": True}]))
    assert own_gateway.sandbox.state.scenario == ""


def test_a_late_order_is_missing_by_update_time_only_and_comes_after_its_delay(
    own_gateway: Any, seller_of: Any, both: list[str]
) -> None:
    seller = seller_of(own_gateway)
    window = {"updateAtStart": 0, "updateAtEnd": own_gateway.sandbox.now() + DAY, "fulfillmentTypeList": both}
    window |= {"sortby": "updateTime"}
    seen = [item["parentOrderMap"]["parentOrderSn"] for item in seller.pages(**window)]
    rule = {"kind": "late_orders", "rate": 0.5, "seconds": DAY}
    own_gateway.sandbox.faults.replace([rule])
    late = set(seen) - {item["parentOrderMap"]["parentOrderSn"] for item in seller.pages(**window)}
    assert late
    assert len(seller.pages(sortby="createTime", fulfillmentTypeList=both)) == len(seen)
    one = sorted(late)[0]
    named = seller.call(LIST, parentOrderSnList=[one], fulfillmentTypeList=both)
    assert [item["parentOrderMap"]["parentOrderSn"] for item in named["pageItems"]] == [one]
    own_gateway.sandbox.advance(DAY)
    changed = {sn for _, sn in seller.shop.book.updated_between(own_gateway.sandbox.now() - DAY + 1, 1 << 62)}
    assert late - changed
    assert late - changed <= {item["parentOrderMap"]["parentOrderSn"] for item in seller.pages(**window)}


def test_a_skewed_clock_refuses_the_true_time_and_shows_its_own(own_gateway: Any, seller_of: Any) -> None:
    seller, now = seller_of(own_gateway), own_gateway.sandbox.now()
    own_gateway.sandbox.faults.replace([{"kind": "clock_skew", "seconds": 1000}])
    assert seller.refusal(LIST) == 3000012
    assert seller.call(LIST, timestamp=now + 1000)
    body = json.dumps(seller.body(LIST, timestamp=now + 1000)).encode()
    assert own_gateway.answer("US", body).now == now + 1000


def test_an_impossible_instant_of_a_rule_is_named(own_gateway: Any) -> None:
    with pytest.raises(UnknownFaultError, match="since"):
        own_gateway.sandbox.faults.replace([{"kind": "throttle", "since": "now"}])
