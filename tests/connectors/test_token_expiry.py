"""Tokens that end: who is warned, when, and with which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr

from connectors.secrets import SecretBox
from connectors.shop_gateways import ShopGateway, add_gateway
from connectors.shops import NewShop, ShopCredentials, add_shop, change_shop
from connectors.token_expiry import TokenEnd, days_left, token_ends

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "near", "words"),
    [
        (timedelta(days=14, seconds=1), False, "in 14 days"),
        (timedelta(days=14), True, "in 14 days"),
        (timedelta(days=1, hours=3), True, "in 1 day"),
        (timedelta(minutes=1), True, "in less than a day"),
        (timedelta(0), True, "expired"),
    ],
)
def test_the_warning_begins_fourteen_days_ahead(left, near, words):
    end = TokenEnd(1, "Acme", None, NOW + left)
    assert (end.is_near(NOW), days_left(end.expires_at, NOW)) == (near, words)


def test_the_words_name_shop_day_and_remedy():
    told = TokenEnd(1, "Acme", None, NOW + timedelta(days=3)).words(NOW)
    assert "shop Acme: the access token ends on 2026-05-04, in 3 days" in told
    assert 'omni shops authorise --shop "Acme"' in told
    partner = TokenEnd(1, "Acme", "PARTNER", NOW - timedelta(days=3)).words(NOW)
    assert "shop Acme, gateway PARTNER: the access token ended on 2026-04-28" in partner
    assert "omni shops second-gateway" in partner


def test_every_known_end_of_an_active_shop_is_listed_the_earliest_first(database_url, settings):
    box = SecretBox.open(settings)

    def secrets(days: int | None) -> ShopCredentials:
        return ShopCredentials(SecretStr("s"), SecretStr("t"), None if days is None else NOW + timedelta(days=days))

    with psycopg.connect(database_url) as conn:
        for mall, (name, days) in enumerate({"Late": 90, "Soon": 5, "Unknown": None, "Closed": 1}.items(), start=1):
            shop = add_shop(conn, box, NewShop(
                temu_shop_id=mall, shop_name=name, region="US", gateway="US", app_key="k", credentials=secrets(days),
            ))  # fmt: skip
            if name == "Late":
                add_gateway(conn, box, shop, ShopGateway(gateway="CN", app_key="c", credentials=secrets(2)))
        change_shop(conn, box, "Closed", {"is_active": False})
        found = token_ends(conn)
    assert [(one.shop_name, one.gateway) for one in found] == [("Late", "CN"), ("Soon", None), ("Late", None)]
