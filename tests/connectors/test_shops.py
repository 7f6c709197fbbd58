"""Shops are registered once, found by any of their names, and keep their credentials to themselves."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox
from connectors.shops import (
    GATEWAYS,
    REGION_TIMEZONES,
    NewShop,
    Shop,
    ShopCredentials,
    add_shop,
    change_shop,
    credentials,
    get_shop,
    list_shops,
)
from connectors.temu import client

SECRET, TOKEN = "canary-secret-7731", "canary-token-7731"


@pytest.fixture
def conn(module_database_url) -> Iterator[psycopg.Connection]:
    """A connection whose work is rolled back."""
    with psycopg.connect(module_database_url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def box() -> SecretBox:
    return SecretBox(SecretStr(Fernet.generate_key().decode()))


def acme(**changes: object) -> NewShop:
    shop = NewShop(
        temu_shop_id=634418000000001,
        shop_name="Acme US",
        region="US",
        gateway="US",
        app_key="app-1",
        credentials=ShopCredentials(SecretStr(SECRET), SecretStr(TOKEN), datetime(2027, 1, 1, tzinfo=UTC)),
        business_model="local",
        timezone="America/New_York",
        default_manager="Li",
        settlement_lag_days=12,
    )
    return replace(shop, **changes)


def test_a_registered_shop_is_found_by_name_by_mall_id_and_by_id(conn, box):
    saved = add_shop(conn, box, acme())
    assert isinstance(saved, Shop)
    assert (saved.environment, saved.is_active, saved.settlement_lag_days) == ("production", True, 12)
    for wanted in ("Acme US", "634418000000001", saved.id, str(saved.id)):
        assert get_shop(conn, wanted) == saved


def test_a_number_is_an_id_and_nothing_else(conn, box):
    first = add_shop(conn, box, acme())
    other = add_shop(conn, box, acme(temu_shop_id=first.id, shop_name="Acme EU"))
    assert get_shop(conn, first.id) == first
    assert get_shop(conn, str(first.id)) == other, "in words the mall id comes first"


def test_a_name_that_looks_like_an_id_is_refused(conn, box):
    with pytest.raises(ConfigurationError, match="the name is a number"):
        add_shop(conn, box, acme(shop_name="2"))


def test_a_new_token_ends_nobody_knows_when(conn, box):
    saved = add_shop(conn, box, acme())
    change_shop(conn, box, saved.id, {"access_token": SecretStr("fresh")})
    opened = credentials(conn, box, saved.id)
    assert (opened.access_token, opened.token_expires_at) == (SecretStr("fresh"), None)
    assert opened.app_secret == acme().credentials.app_secret


def test_credentials_that_are_lost_are_replaced_together(conn, box):
    saved = add_shop(conn, box, acme())
    conn.execute("delete from ops.shop_credentials")
    with pytest.raises(ConfigurationError, match="--new-secret --new-token"):
        change_shop(conn, box, saved.id, {"access_token": SecretStr("fresh")})
    fresh = {"app_secret": SecretStr("new secret"), "access_token": SecretStr("fresh")}
    change_shop(conn, box, saved.id, fresh)
    assert credentials(conn, box, saved.id) == ShopCredentials(**fresh)


def test_registering_the_same_mall_again_updates_its_row_and_credentials(conn, box):
    first = add_shop(conn, box, acme())
    fresh = ShopCredentials(SecretStr("new secret"), SecretStr("new token"))
    second = add_shop(conn, box, acme(shop_name="Acme West", is_active=False, credentials=fresh))
    assert (second.id, second.shop_name, second.is_active) == (first.id, "Acme West", False)
    assert [shop.id for shop in list_shops(conn)] == [first.id]
    assert credentials(conn, box, first.id) == fresh


def test_only_active_shops_are_listed_on_request(conn, box):
    one = add_shop(conn, box, acme())
    two = add_shop(conn, box, acme(temu_shop_id=2, shop_name="Acme EU", region="DE", gateway="EU", is_active=False))
    assert list_shops(conn) == [one, two]
    assert list_shops(conn, active_only=True) == [one]


def test_credentials_come_back_as_they_were_given(conn, box):
    saved = add_shop(conn, box, acme())
    assert credentials(conn, box, saved.id) == acme().credentials


def test_the_database_holds_no_readable_secret(conn, box):
    add_shop(conn, box, acme())
    for table in ("ops.shops", "ops.shop_credentials"):
        stored = repr(conn.execute(f"select t.*, t::text from {table} t").fetchall())
        assert SECRET not in stored
        assert TOKEN not in stored


def test_credentials_sealed_with_another_key_are_explained(conn, box):
    saved = add_shop(conn, box, acme())
    other = SecretBox(SecretStr(Fernet.generate_key().decode()))
    with pytest.raises(ConfigurationError, match="OMNI_SECRET_KEYS"):
        credentials(conn, other, saved.id)


def test_a_shop_without_credentials_is_named(conn, box):
    saved = add_shop(conn, box, acme())
    conn.execute("delete from ops.shop_credentials")
    with pytest.raises(ConfigurationError, match='"Acme US" has no credentials → enter'):
        credentials(conn, box, saved.id)


def test_an_unknown_shop_is_answered_with_the_known_ones(conn, box):
    add_shop(conn, box, acme())
    with pytest.raises(ConfigurationError, match=r'"Acme"; known shops: "Acme US" \(634418000000001\)'):
        get_shop(conn, "Acme")


def test_two_shops_cannot_share_a_name_and_the_first_stays(database_url, box):
    with psycopg.connect(database_url, autocommit=True) as conn:
        first = add_shop(conn, box, acme())
        with pytest.raises(ConfigurationError, match=r'"Acme US" \(2\): another shop has the same name'):
            add_shop(conn, box, acme(temu_shop_id=2))
        assert list_shops(conn) == [first]


def test_registering_is_part_of_the_callers_transaction(conn, box):
    add_shop(conn, box, acme())
    conn.rollback()
    assert list_shops(conn) == []


def test_every_gateway_that_a_shop_may_have_is_one_that_the_client_knows_and_the_reverse():
    assert set(GATEWAYS) == set(client.GATEWAYS)


@pytest.mark.parametrize("region", REGION_TIMEZONES)
def test_every_region_of_rule_t3_is_accepted(conn, box, region):
    assert add_shop(conn, box, acme(region=region, timezone=None)).region == region


WRONG = {
    "region": ("Narnia", "region .* choose one of US, CA, MX"),
    "gateway": ("MARS", "gateway .* choose one of US, EU, GLOBAL, PARTNER, CN"),
    "business_model": ("both", "business_model .* choose one of full, semi, local"),
    "environment": ("staging", "environment .* choose one of production, sandbox"),
    "timezone": ("Mars/Olympus", "no IANA zone → write it like America/New_York"),
    "gateway_url": ("ftp://example", "no plain http"),
    "settlement_lag_days": (-1, "negative"),
    "shop_name": (" Acme", "spaces around it"),
    "temu_shop_id": (0, "no mall id"),
    "app_key": ("", "app_key is empty"),
    "credentials": (ShopCredentials(SecretStr(SECRET), SecretStr(TOKEN + " ")), "access_token is empty or has spaces"),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_value_is_refused_with_shop_field_and_remedy_and_nothing_is_written(conn, box, field):
    value, message = WRONG[field]
    with pytest.raises(ConfigurationError, match=f'(?s)^shop ".*{message}') as caught:
        add_shop(conn, box, acme(**{field: value}))
    assert caught.value.remedy
    assert list_shops(conn) == []


@pytest.mark.parametrize("zone", ["", "../etc/passwd", "America", "US\0"])
def test_odd_zone_names_are_refused_too(conn, box, zone):
    with pytest.raises(ConfigurationError, match="no IANA zone"):
        add_shop(conn, box, acme(timezone=zone))


def test_no_secret_shows_in_texts_errors_or_logs(conn, box, caplog):
    caplog.set_level(logging.DEBUG)
    saved = add_shop(conn, box, acme())
    with pytest.raises(ConfigurationError) as refused:
        add_shop(conn, box, acme(region="Narnia"))
    with pytest.raises(psycopg.Error) as broken:
        add_shop(conn, box, acme(temu_shop_id=2**70, shop_name="too large"))
    conn.rollback()
    errors = "".join("".join(traceback.format_exception(one.value)) for one in (refused, broken))
    opened = acme().credentials
    shown = f"{acme()} {acme()!r} {saved!r} {opened} {opened!r} {errors} {caplog.text}"
    assert SECRET not in shown
    assert TOKEN not in shown


def test_a_change_touches_the_named_fields_and_nothing_else(conn, box):
    before = add_shop(conn, box, acme())
    after = change_shop(conn, box, "Acme US", {"default_manager": "Wu", "access_token": SecretStr("token-2")})
    assert after == replace(before, default_manager="Wu")
    opened = credentials(conn, box, after.id)
    assert opened.access_token.get_secret_value() == "token-2"
    assert opened.app_secret.get_secret_value() == SECRET
    with pytest.raises(ConfigurationError, match="has no colour to change"):
        change_shop(conn, box, "Acme US", {"colour": "red"})
    with pytest.raises(ConfigurationError, match="timezone"):
        change_shop(conn, box, "Acme US", {"timezone": "Mars/Base"})


def test_a_shop_is_stopped_even_when_its_credentials_cannot_be_opened(conn, box):
    add_shop(conn, SecretBox(SecretStr(Fernet.generate_key().decode())), acme())
    assert change_shop(conn, box, "Acme US", {"is_active": False}).is_active is False
    assert list_shops(conn, active_only=True) == []
