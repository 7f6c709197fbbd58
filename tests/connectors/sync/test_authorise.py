"""A code becomes a stored token, events are switched, and nothing is asked twice (API §2.3, §16.1)."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec
import psycopg
import pytest

from connectors.errors import ConfigurationError, ShopAuthError, StreamForbiddenError
from connectors.secrets import SecretBox
from connectors.shops import credentials
from connectors.sync import EVENTS, authorise, check, check_shop, event_states, redeem_code, subscribe_events
from connectors.temu.streams import STREAMS
from tests.connectors.sync.conftest import Desk, Gateway

T = TypeVar("T")
FIXTURES = Path(__file__).parents[2] / "fixtures" / "temu"


def test_the_documented_token_answers_tell_mall_expiry_scopes_and_events() -> None:
    made = _sample("bg.open.accesstoken.create", authorise._Token)
    assert (made.mall_id, made.access_token, made.expired_time) == (
        690000000000001,
        "SYNTHETIC-ACCESS-TOKEN-0001",
        1798761600,
    )
    states = {event.event_code: event.permits_status for event in made.auth_event_code_list or ()}
    assert states == {"bg_order_status_change_event": 1, "bg_aftersales_status_change": 0}
    told = _sample("bg.open.accesstoken.info.get", check._Token)
    assert (told.mall_id, told.region_id, told.expired_time) == (690000000000001, 211, 1793145600)
    lacking = [one for stream in STREAMS.values() for one in stream.missing_from(told.api_scope_list or [])]
    assert "bg.order.amount.query" not in lacking
    assert "bg.logistics.companies.get" in lacking


def _sample(name: str, kind: type[T]) -> T:
    whole = msgspec.json.decode((FIXTURES / f"{name}.json").read_bytes(), type=dict[str, msgspec.Raw])
    return msgspec.json.decode(whole["result"], type=kind)


def _code(gateway: Gateway, number: int = 0) -> str:
    return str(gateway.shops()[number]["authorisation_code"])


def _token(desk: Desk) -> str:
    with psycopg.connect(desk.url) as connection:
        opened = credentials(connection, SecretBox.open(desk.settings), desk.shops[0].id)
    return opened.access_token.get_secret_value()


def test_a_code_becomes_the_shops_token_once(desk: Desk, gateway: Gateway) -> None:
    shop, before, code = desk.shops[0].shop_name, _token(desk), _code(gateway)
    expires = redeem_code(desk.url, settings=desk.settings, shop=shop, code=code)
    assert _token(desk) == gateway.shops()[0]["access_token"] != before
    assert expires is not None
    assert check_shop(desk.url, settings=desk.settings, shop=shop).is_well
    with pytest.raises(ShopAuthError, match="110020002"):
        redeem_code(desk.url, settings=desk.settings, shop=shop, code=code)


def test_a_code_of_another_shop_is_not_stored(desk: Desk, gateway: Gateway) -> None:
    before = _token(desk)
    with pytest.raises(ConfigurationError, match="belongs to mall"):
        redeem_code(desk.url, settings=desk.settings, shop=desk.shops[0].shop_name, code=_code(gateway, 3))
    assert _token(desk) == before


def test_events_are_switched_off_and_on(desk: Desk) -> None:
    shop, event = desk.shops[0].shop_name, EVENTS[0]
    subscribe_events(desk.url, settings=desk.settings, shop=shop, permit=EVENTS[1:], cancel=[event])
    states = event_states(desk.url, settings=desk.settings, shop=shop)
    assert states == {one: one != event for one in EVENTS}


def test_an_event_cannot_be_wanted_and_not_wanted_and_must_be_known(desk: Desk) -> None:
    shop = desk.shops[0].shop_name
    with pytest.raises(ConfigurationError, match="at once"):
        subscribe_events(desk.url, settings=desk.settings, shop=shop, permit=EVENTS, cancel=EVENTS[:1])
    with pytest.raises(StreamForbiddenError, match="110020009"):
        subscribe_events(desk.url, settings=desk.settings, shop=shop, permit=["bg_unheard_of"])
