"""Does the platform accept a shop's credentials? Asked by people before they rely on it.

Belongs here: `check_shop`. Nothing is stored.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import psycopg

from connectors.errors import OmniError
from connectors.postgres.quota import calls_per_second
from connectors.settings import Settings
from connectors.shops import Shop
from connectors.sync.run import probe_of
from connectors.sync.session import chosen_shops, open_office
from connectors.temu.entities import instant_if_any
from connectors.temu.streams import STREAMS
from connectors.token_expiry import NOTICE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopCheck:
    """The platform's view of a shop. `expires_at` is UTC.

    `missing` are operations that its token may not call, `absent` streams that a shop like this does not have.
    `calls_per_second` is the quota that we keep for its app key; None = the gateway did not answer.
    """

    shop_name: str
    is_well: bool
    message: str
    mall_id: int | None = None
    region_id: int | None = None
    expires_at: datetime | None = None
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    clock_skew_seconds: int = 0
    calls_per_second: float | None = None


class _Token(msgspec.Struct, rename="camel"):
    """Result of the token check (API reference §2.4); everything is optional."""

    mall_id: int | None = None
    region_id: int | None = None
    expired_time: object = None
    api_scope_list: list[str] | None = None


def check_shop(database_url: str, *, settings: Settings, shop: str) -> ShopCheck:
    """Ask the gateway about the shop (name, mall id or id). ConfigurationError for an unknown shop; trouble with the
    gateway or the credentials is told in the result."""
    [found] = chosen_shops(database_url, [shop])
    try:
        return asyncio.run(_check(database_url, settings, found))
    except OmniError as error:
        return ShopCheck(shop_name=found.shop_name, is_well=False, message=str(error))


async def _check(database_url: str, settings: Settings, shop: Shop) -> ShopCheck:
    async with open_office(database_url, settings) as office, office.session(shop) as session:
        token = await session.client.ask(*probe_of(shop), _Token) or _Token()
        now = session.client.now()
    with psycopg.connect(database_url) as connection:
        quota = calls_per_second(connection, shop.app_key)
    expires_at = instant_if_any(token.expired_time)
    offered = [one for one in STREAMS.values() if one.is_own_of(shop.gateway, shop.dialect)]
    absent = tuple(
        one.name
        for one in STREAMS.values()
        if one not in offered and not (one.is_extra_to(shop.gateway) and one.spoken(shop.dialect))
    )
    scopes = token.api_scope_list
    missing = () if scopes is None else tuple(one for stream in offered for one in stream.missing_from(scopes))
    is_same = token.mall_id in (None, shop.temu_shop_id)
    return ShopCheck(
        shop_name=shop.shop_name,
        is_well=is_same and (expires_at is None or expires_at > now),
        message=_message(shop, token, expires_at, missing, absent, now) if is_same else _other_shop(shop, token),
        mall_id=token.mall_id,
        region_id=token.region_id,
        expires_at=expires_at,
        missing=missing,
        absent=absent,
        clock_skew_seconds=round((now - datetime.now(UTC)).total_seconds()),
        calls_per_second=quota,
    )


def _message(
    shop: Shop,
    token: _Token,
    expires_at: datetime | None,
    missing: tuple[str, ...],
    absent: tuple[str, ...],
    now: datetime,
) -> str:
    told = f"mall {token.mall_id or shop.temu_shop_id} answers"
    if expires_at:
        told += f", token valid for {(expires_at - now).days} days (until {expires_at:%Y-%m-%d})"
        if expires_at - now <= NOTICE:
            told += (
                f' → it ends soon: have the seller authorise again, `omni shops authorise --shop "{shop.shop_name}"`'
            )
    if missing:
        told += f"; not granted and therefore skipped: {', '.join(missing)}"
    if absent:
        told += f"; not available through {shop.gateway} ({shop.dialect}): {', '.join(absent)}"
    return told


def _other_shop(shop: Shop, token: _Token) -> str:
    return (
        f"the token belongs to mall {token.mall_id}, the shop is registered as {shop.temu_shop_id}"
        f' → store the token of this shop with `omni shops update "{shop.shop_name}" --new-token`'
    )
