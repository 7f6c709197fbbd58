"""What a seller's authorisation brings: a token for a code, and which events of the shop are pushed (API §2, §16.1).

Belongs here: `redeem_code`, `event_states`, `subscribe_events`. Receiving events is the webhook door's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
import psycopg
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import Shop, change_shop
from connectors.sync.run import probe_of
from connectors.sync.session import ShopSession, chosen_shops, open_office
from connectors.temu.entities import instant_if_any
from connectors.temu.webhooks import ADDRESS_CHANGED, AFTER_SALES, CANCELLATION, ORDER_STATUS

CREATE_TOKEN = "bg.open.accesstoken.create"  # noqa: S105 - an operation's name
UPDATE_EVENTS = "bg.tmc.message.update"
EVENTS = (ORDER_STATUS, ADDRESS_CHANGED, AFTER_SALES, CANCELLATION)
"""Every event that the webhook door understands (§16.5)."""
CODES_AT_ONCE = 20
SECONDS_BETWEEN_CALLS = 1.05
T = TypeVar("T")


class _Event(msgspec.Struct, rename="camel"):
    event_code: str
    permits_status: int | None = None


class _Token(msgspec.Struct, rename="camel"):
    """Result of both token operations (§2.3, §2.4); everything is optional, and a token is kept whatever its end."""

    mall_id: int | None = None
    access_token: str | None = None
    expired_time: object = None
    auth_event_code_list: list[_Event] | None = None


def redeem_code(database_url: str, *, settings: Settings, shop: str, code: str) -> datetime | None:
    """Store the token that the platform gives for an authorisation code; when it expires (UTC), None = unknown.

    A code is good for ten minutes and one use, and kills the token before. ConfigurationError if it belongs to another
    shop, or the shop is unknown; other classes of `connectors.errors` as the platform says.
    """
    [found] = chosen_shops(database_url, [shop])

    async def ask(session: ShopSession) -> _Token:
        # The gateway wants an access token even here; the code stands in for it.
        params = {"code": code}
        return await session.client.ask(CREATE_TOKEN, params, _Token) or _Token()

    token = asyncio.run(_with_session(database_url, settings, found, ask, SecretStr(code)))
    if token.mall_id != found.temu_shop_id or not token.access_token:
        raise ConfigurationError(
            f'the code belongs to mall {token.mall_id}, the shop "{found.shop_name}" is mall {found.temu_shop_id}',
            remedy="use the code that the seller of this shop has just authorised",
        )
    expires = instant_if_any(token.expired_time)
    changes: dict[str, object] = {"access_token": SecretStr(token.access_token), "token_expires_at": expires}
    with psycopg.connect(database_url) as connection:
        change_shop(connection, SecretBox.open(settings), found.id, changes)
    return expires


def event_states(database_url: str, *, settings: Settings, shop: str) -> Mapping[str, bool]:
    """Event codes of the shop, and whether the platform pushes them."""
    [found] = chosen_shops(database_url, [shop])

    async def ask(session: ShopSession) -> _Token:
        return await session.client.ask(*probe_of(found), _Token) or _Token()

    token = asyncio.run(_with_session(database_url, settings, found, ask))
    return {event.event_code: event.permits_status == 1 for event in token.auth_event_code_list or ()}


def subscribe_events(
    database_url: str, *, settings: Settings, shop: str, permit: Sequence[str], cancel: Sequence[str] = ()
) -> None:
    """Have the platform push `permit` and no longer push `cancel`, twenty codes and one call a second at most.

    ConfigurationError if a code is in both lists; StreamForbiddenError if the seller or the app lacks an event.
    """
    if both := sorted(set(permit) & set(cancel)):
        raise ConfigurationError(f"{', '.join(both)} cannot be permitted and cancelled at once")
    [found] = chosen_shops(database_url, [shop])

    async def ask(session: ShopSession) -> None:
        parts = [
            {word: list(codes[start : start + CODES_AT_ONCE])}
            for word, codes in (("permitEventCodeList", permit), ("cancelEventCodeList", cancel))
            for start in range(0, len(codes), CODES_AT_ONCE)
        ]
        for number, part in enumerate(parts):
            if number:
                await asyncio.sleep(SECONDS_BETWEEN_CALLS)
            await session.client.call(UPDATE_EVENTS, part)

    asyncio.run(_with_session(database_url, settings, found, ask))


async def _with_session(
    database_url: str,
    settings: Settings,
    shop: Shop,
    ask: Callable[[ShopSession], Awaitable[T]],
    access_token: SecretStr | None = None,
) -> T:
    async with open_office(database_url, settings) as office, office.session(shop, access_token) as session:
        return await ask(session)
