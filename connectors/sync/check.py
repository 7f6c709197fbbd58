"""Does the platform accept a shop's credentials? Asked by people before they rely on it.

Belongs here: `check_shop`, which asks every gateway of the shop. Nothing is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import psycopg

from connectors.errors import OmniError
from connectors.postgres.quota import calls_per_second
from connectors.settings import Settings
from connectors.shops import Shop
from connectors.sync.run import probe_of
from connectors.sync.session import ShopSession, chosen_shops, open_office
from connectors.temu.entities import instant_if_any
from connectors.temu.streams import STREAMS, Lookup, Stream
from connectors.token_expiry import NOTICE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopCheck:
    """The platform's view of a shop. `expires_at` is UTC.

    `missing` are operations that its tokens may not call, `absent` streams that a shop like this does not have; mall,
    region and end are those of its own token, not of further gateways'.
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


_SITES_WITH_TAXES = {"JP": (100,), "KR": (185,), "EU": (27, 91)}
"""Region of a shop → region ids inside the numbers of its orders whose money other operations tell (§9.2, §9.3): Japan,
South Korea; Bosnia and Iceland, which are sold to from the EU."""


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


@dataclass(frozen=True, slots=True)
class _Door:
    """One gateway of a shop, as its token describes itself there. `trouble`: it does not."""

    shop: Shop
    now: datetime
    streams: Sequence[Stream]
    token: _Token
    trouble: str = ""

    @property
    def expires_at(self) -> datetime | None:
        return instant_if_any(self.token.expired_time)

    @property
    def is_well(self) -> bool:
        return not self.trouble and (self.expires_at is None or self.expires_at > self.now)

    @property
    def missing(self) -> tuple[str, ...]:
        """Operations that the streams which are read here need and the token lacks."""
        scopes = self.token.api_scope_list
        if scopes is None:
            return ()
        needed = [(stream.missing_from(scopes), _variants_for(stream, self.shop.region)) for stream in self.streams]
        return tuple(one for base, variants in needed for one in (*base, *(v for v in variants if v not in scopes)))


async def _check(database_url: str, settings: Settings, shop: Shop) -> ShopCheck:
    async with open_office(database_url, settings) as office, office.session(shop) as session:
        doors = [await _ask(session, session), *[await _ask_further(session, one) for one in session.others]]
    with psycopg.connect(database_url) as connection:
        quota = calls_per_second(connection, shop.app_key)
    own, token = doors[0], doors[0].token
    missing = tuple(dict.fromkeys(one for door in doors for one in door.missing))
    absent = tuple(
        one.name
        for one in STREAMS.values()
        if session.offering(one) is None and not (one.is_extra_to(shop.gateway) and one.spoken(shop.dialect))
    )
    is_same = token.mall_id in (None, shop.temu_shop_id)
    return ShopCheck(
        shop_name=shop.shop_name,
        is_well=is_same and all(door.is_well for door in doors),
        message=_message(doors, missing, absent) if is_same else _other_shop(shop, token),
        mall_id=token.mall_id,
        region_id=token.region_id,
        expires_at=own.expires_at,
        missing=missing,
        absent=absent,
        clock_skew_seconds=round((own.now - datetime.now(UTC)).total_seconds()),
        calls_per_second=quota,
    )


async def _ask(session: ShopSession, there: ShopSession) -> _Door:
    """What the token of one gateway says, beside the streams that are read there."""
    token = await there.client.ask(*probe_of(there.shop), _Token) or _Token()
    return _Door(there.shop, there.client.now(), _streams_of(session, there), token)


async def _ask_further(session: ShopSession, there: ShopSession) -> _Door:
    """The same, but trouble is told of this gateway: it says nothing against the others."""
    try:
        return await _ask(session, there)
    except OmniError as error:
        return _Door(there.shop, there.client.now(), _streams_of(session, there), _Token(), trouble=str(error))


def _variants_for(stream: Stream, region: str) -> list[str]:
    lookup = getattr(stream.reading, "lookup", None)
    known = lookup.variants if isinstance(lookup, Lookup) else {}
    return [known[site] for site in _SITES_WITH_TAXES.get(region, ()) if site in known]


def _streams_of(session: ShopSession, there: ShopSession) -> list[Stream]:
    return [stream for stream in STREAMS.values() if session.offering(stream) is there]


def _message(doors: Sequence[_Door], missing: Sequence[str], absent: Sequence[str]) -> str:
    shop, token = doors[0].shop, doors[0].token
    told = f"mall {token.mall_id or shop.temu_shop_id} answers" + _validity(doors[0], "authorise")
    for door in doors[1:]:
        told += f"; gateway {door.shop.gateway} " + (door.trouble or "answers") + _validity(door, "second-gateway")
    if missing:
        told += f"; not granted and therefore skipped: {', '.join(missing)}"
    if absent:
        told += f"; not available through {shop.gateway} ({shop.dialect}): {', '.join(absent)}"
    return told


def _validity(door: _Door, command: str) -> str:
    if not door.expires_at:
        return ""
    left = door.expires_at - door.now
    told = f", token valid for {left.days} days (until {door.expires_at:%Y-%m-%d})"
    if left <= NOTICE:
        told += (
            f' → it ends soon: have the seller authorise again, `omni shops {command} --shop "{door.shop.shop_name}"`'
        )
    return told


def _other_shop(shop: Shop, token: _Token) -> str:
    return (
        f"the token belongs to mall {token.mall_id}, the shop is registered as {shop.temu_shop_id}"
        f' → store the token of this shop with `omni shops update "{shop.shop_name}" --new-token`'
    )
