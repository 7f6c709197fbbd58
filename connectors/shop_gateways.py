"""A shop's further gateways: where cross-border sellers keep their goods, with an app and a token of their own.

Belongs here: rows of `ops.shop_gateways`. The shop itself and its first gateway are `connectors.shops`' business.
All functions work in the caller's transaction; nothing is committed here.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox
from connectors.shops import Shop, ShopCredentials

SECOND_GATEWAYS = ("PARTNER", "CN")
"""Goods of semi-managed shops, goods and sales counters of full-managed ones (API reference §1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopGateway:
    """One further gateway of a shop. `gateway_url` None means the official host."""

    gateway: str
    app_key: str
    credentials: ShopCredentials
    gateway_url: str | None = None


def add_gateway(conn: psycopg.Connection, box: SecretBox, shop: Shop, gateway: ShopGateway) -> None:
    """Store the credentials sealed, or replace those of the same gateway. ConfigurationError names what is wrong."""
    _validate(shop, gateway)
    conn.execute(
        """
        insert into ops.shop_gateways
            (shop_id, gateway, gateway_url, app_key, app_secret, access_token, token_expires_at)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (shop_id, gateway) do update set gateway_url = excluded.gateway_url, app_key = excluded.app_key,
            app_secret = excluded.app_secret, access_token = excluded.access_token,
            token_expires_at = excluded.token_expires_at, updated_at = now()
        """,
        [
            shop.id,
            gateway.gateway,
            gateway.gateway_url,
            gateway.app_key,
            box.encrypt(gateway.credentials.app_secret.get_secret_value()),
            box.encrypt(gateway.credentials.access_token.get_secret_value()),
            gateway.credentials.token_expires_at,
        ],
    )


def gateways_of(conn: psycopg.Connection, box: SecretBox, shop_id: int) -> list[ShopGateway]:
    """The shop's further gateways with their opened credentials, by name."""
    rows = conn.execute(
        """
        select gateway, gateway_url, app_key, app_secret, access_token, token_expires_at
        from ops.shop_gateways where shop_id = %s order by gateway
        """,
        [shop_id],
    ).fetchall()
    return [
        ShopGateway(
            gateway=name,
            gateway_url=url,
            app_key=app_key,
            credentials=ShopCredentials(box.decrypt(secret), box.decrypt(token), expires),
        )
        for name, url, app_key, secret, token, expires in rows
    ]


def _validate(shop: Shop, gateway: ShopGateway) -> None:
    if gateway.gateway not in SECOND_GATEWAYS:
        raise ConfigurationError(
            f'shop "{shop.shop_name}": gateway "{gateway.gateway}" is no second gateway',
            remedy=f"choose one of {', '.join(SECOND_GATEWAYS)}",
        )
    if gateway.gateway == shop.gateway:
        raise ConfigurationError(
            f'shop "{shop.shop_name}": {gateway.gateway} is its first gateway already',
            remedy="store new credentials of it with: omni shops update SHOP --new-secret --new-token",
        )
    given = {
        "app_key": gateway.app_key,
        "app_secret": gateway.credentials.app_secret.get_secret_value(),
        "access_token": gateway.credentials.access_token.get_secret_value(),
    }
    for name, value in given.items():
        if not value or value != value.strip():
            raise ConfigurationError(
                f'shop "{shop.shop_name}", gateway {gateway.gateway}: {name} is empty or has spaces around it',
                remedy="copy it again from the open platform",
            )
