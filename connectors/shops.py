"""The shops that omni reads, and their credentials: rows of `ops.shops` and `ops.shop_credentials`.

Belongs here: registering, finding and listing shops; opening a shop's sealed credentials. Does not belong here: keys
and encryption (`connectors.secrets`), talking to the platform (`connectors.temu`).
All functions work in the caller's transaction; nothing is committed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import class_row
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox

# Rule T3: the zone of a shop's local day when its row names none.
REGION_TIMEZONES = {
    "US": "America/Los_Angeles",
    "CA": "America/Toronto",
    "MX": "America/Mexico_City",
    "UK": "Europe/London",
    "GB": "Europe/London",
    "DE": "Europe/Berlin",
    "EU": "Europe/Berlin",
    "FR": "Europe/Paris",
    "IT": "Europe/Rome",
    "ES": "Europe/Madrid",
    "AU": "Australia/Sydney",
    "JP": "Asia/Tokyo",
    "KR": "Asia/Seoul",
    "GLOBAL": "UTC",
}
GATEWAYS = ("US", "EU", "GLOBAL", "PARTNER", "CN")
"""PARTNER and CN serve the goods of cross-border sellers and no orders (API reference §1)."""
BUSINESS_MODELS = ("full", "semi", "local")
ENVIRONMENTS = ("production", "sandbox")
DIALECTS = ("router", "rest")
"""How the gateway is spoken to: the platform's router, or the simplified REST interface."""
FORMER_SECRET_LIFE = timedelta(days=7)
"""How long an app secret that was replaced still verifies pushed events: their last retry comes after 28 hours."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A registered shop without its secrets. `gateway_url` None means the official host of `gateway`."""

    id: int
    temu_shop_id: int
    shop_name: str
    region: str
    gateway: str
    gateway_url: str | None
    app_key: str
    environment: str
    is_active: bool
    entity: str | None
    business_model: str | None
    timezone: str | None
    default_manager: str | None
    settlement_lag_days: int | None
    last_sync_at: datetime | None
    dialect: str = "router"


def zone_of(shop: Shop) -> ZoneInfo:
    """The zone of the shop's local day (rule T3): its own, else its region's."""
    return ZoneInfo(shop.timezone or REGION_TIMEZONES.get(shop.region, "UTC"))


_COLUMNS = tuple(field.name for field in fields(Shop))
_SELECTED = ", ".join(_COLUMNS)


@dataclass(frozen=True, slots=True)
class ShopCredentials:
    """What signs a shop's calls. `token_expires_at` is aware; None = unknown."""

    app_secret: SecretStr
    access_token: SecretStr
    token_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShop:
    """A shop to register, or the new state of the one with the same `temu_shop_id` (the platform's mall id)."""

    temu_shop_id: int
    shop_name: str
    region: str
    gateway: str
    app_key: str
    credentials: ShopCredentials
    gateway_url: str | None = None
    environment: str = "production"
    is_active: bool = True
    entity: str | None = None
    business_model: str | None = None
    timezone: str | None = None
    default_manager: str | None = None
    settlement_lag_days: int | None = None
    dialect: str = "router"


def list_shops(conn: psycopg.Connection, active_only: bool = False) -> list[Shop]:
    """All shops, or the active ones, by id."""
    query = f"select {_SELECTED} from ops.shops where is_active or not %s order by id"
    with conn.cursor(row_factory=class_row(Shop)) as cursor:
        return cursor.execute(query, [active_only]).fetchall()


def get_shop(conn: psycopg.Connection, shop: str | int) -> Shop:
    """The shop with this id (a number), or of this name, mall id or id (a text), tried in this order.

    ConfigurationError names the known shops.
    """
    wanted = shop if isinstance(shop, int) else shop.strip()
    query = f"""
        select {_SELECTED} from ops.shops
        where id = %(id)s or %(text)s in (shop_name, temu_shop_id::text, id::text)
        order by shop_name = %(text)s desc, temu_shop_id::text = %(text)s desc
        limit 1
    """
    is_id = isinstance(wanted, int)
    told = {"id": wanted if is_id else None, "text": None if is_id else wanted}
    with conn.cursor(row_factory=class_row(Shop)) as cursor:
        found = cursor.execute(query, told).fetchone()
    if found is None:
        known = ", ".join(f'"{one.shop_name}" ({one.temu_shop_id})' for one in list_shops(conn)) or "none yet"
        raise ConfigurationError(
            f'no shop has the name, mall id or id "{wanted}"; known shops: {known}',
            remedy="check the spelling, or register the shop with: omni shops add",
        )
    return found


def add_shop(conn: psycopg.Connection, box: SecretBox, shop: NewShop) -> Shop:
    """Register a shop with its sealed credentials, or update the one with the same mall id; its row as stored.

    An app secret that is replaced stays known for `FORMER_SECRET_LIFE`. Raises ConfigurationError naming the shop and
    the field when a value is not allowed; nothing is written then.
    """
    _validate(shop)
    row = {name: getattr(shop, name) for name in _COLUMNS if name not in ("id", "last_sync_at")}
    changes = ", ".join(f"{name} = excluded.{name}" for name in row if name != "temu_shop_id")
    # One statement, so that shop and credentials change together on an autocommit connection too.
    statement = f"""
        with saved as (
            insert into ops.shops ({", ".join(row)}) values ({", ".join(f"%({name})s" for name in row)})
            on conflict (temu_shop_id) do update set {changes}, updated_at = now()
            returning {_SELECTED}
        ), sealed as (
            insert into ops.shop_credentials as c (shop_id, app_secret, access_token, token_expires_at)
            select id, %(app_secret)s, %(access_token)s, %(token_expires_at)s from saved
            on conflict (shop_id) do update set app_secret = excluded.app_secret,
                access_token = excluded.access_token, token_expires_at = excluded.token_expires_at, updated_at = now(),
                former_app_secret = case when %(replaced)s then c.app_secret else c.former_app_secret end,
                former_app_secret_until =
                    case when %(replaced)s then now() + %(life)s else c.former_app_secret_until end
        )
        select {_SELECTED} from saved
    """
    try:
        with conn.cursor(row_factory=class_row(Shop)) as cursor:
            rotation = {"replaced": _replaces_secret(conn, box, shop), "life": FORMER_SECRET_LIFE}
            [saved] = cursor.execute(statement, row | _sealed(box, shop.credentials) | rotation).fetchall()
    except psycopg.errors.UniqueViolation:
        raise _refused(shop, "another shop has the same name", "give each shop a name of its own") from None
    return saved


def change_shop(conn: psycopg.Connection, box: SecretBox, shop: str | int, changes: Mapping[str, object]) -> Shop:
    """Replace the named fields of a shop (fields of `NewShop`, or of its credentials); its row as stored.

    Raises ConfigurationError for an unknown shop, an unknown field or a value that is not allowed.
    """
    found = get_shop(conn, shop)
    secret_names = {field.name for field in fields(ShopCredentials)}
    known = {field.name for field in fields(NewShop)} - {"temu_shop_id", "credentials"} | secret_names
    if unknown := sorted(set(changes) - known):
        raise ConfigurationError(
            f'shop "{found.shop_name}" has no {", ".join(unknown)} to change', remedy=f"choose among {', '.join(known)}"
        )
    secrets = {name: value for name, value in changes.items() if name in secret_names}
    kept = {field.name: getattr(found, field.name) for field in fields(NewShop) if field.name != "credentials"}
    plain = kept | {name: value for name, value in changes.items() if name not in secret_names}
    if not secrets and changes.keys() <= {"is_active"}:  # needs no credentials, so that a shop without can be stopped
        return _set_active(conn, found, active=bool(plain["is_active"]))
    return add_shop(conn, box, NewShop(**plain, credentials=_changed_credentials(conn, box, found, secrets)))


def _changed_credentials(
    conn: psycopg.Connection, box: SecretBox, shop: Shop, changes: Mapping[str, Any]
) -> ShopCredentials:
    """The stored credentials with these changes; where all is new, the stored ones may be lost."""
    if "access_token" in changes:  # nobody knows yet when another token ends
        changes = {"token_expires_at": None, **changes}
    if {"app_secret", "access_token"} <= changes.keys():
        return ShopCredentials(**changes)
    return replace(credentials(conn, box, shop.id), **changes)


def _set_active(conn: psycopg.Connection, shop: Shop, *, active: bool) -> Shop:
    statement = f"update ops.shops set is_active = %s, updated_at = now() where id = %s returning {_SELECTED}"
    with conn.cursor(row_factory=class_row(Shop)) as cursor:
        [saved] = cursor.execute(statement, [active, shop.id]).fetchall()
    return saved


def _replaces_secret(conn: psycopg.Connection, box: SecretBox, shop: NewShop) -> bool:
    query = """
        select c.app_secret from ops.shop_credentials c join ops.shops s on s.id = c.shop_id where s.temu_shop_id = %s
    """
    row = conn.execute(query, [shop.temu_shop_id]).fetchone()
    if row is None:
        return False
    try:
        return box.decrypt(row[0]).get_secret_value() != shop.credentials.app_secret.get_secret_value()
    except ConfigurationError:  # sealed with a lost key: it cannot verify anything any more
        return False


def credentials(conn: psycopg.Connection, box: SecretBox, shop_id: int) -> ShopCredentials:
    """The opened credentials of shop `shop_id`. ConfigurationError when it has none or the keys do not fit."""
    query = "select app_secret, access_token, token_expires_at from ops.shop_credentials where shop_id = %s"
    row = conn.execute(query, [shop_id]).fetchone()
    if row is None:
        raise ConfigurationError(
            f'the shop "{get_shop(conn, shop_id).shop_name}" has no credentials',
            remedy="enter its app secret and access token with: omni shops update SHOP --new-secret --new-token",
        )
    return ShopCredentials(box.decrypt(row[0]), box.decrypt(row[1]), row[2])


def _sealed(box: SecretBox, secret: ShopCredentials) -> dict[str, object]:
    return {
        "app_secret": box.encrypt(secret.app_secret.get_secret_value()),
        "access_token": box.encrypt(secret.access_token.get_secret_value()),
        "token_expires_at": secret.token_expires_at,
    }


def _validate(shop: NewShop) -> None:
    if not shop.shop_name.strip() or shop.shop_name != shop.shop_name.strip():
        raise _refused(shop, "the name is empty or has spaces around it", "give it a plain name")
    if shop.shop_name.isdecimal():  # wherever a name is asked for, an id is understood, too
        raise _refused(shop, "the name is a number, as ids are", "add a word to it")
    if shop.temu_shop_id <= 0:
        raise _refused(shop, f"{shop.temu_shop_id} is no mall id", "copy the mall id from the seller centre")
    _one_of(shop, "region", shop.region, tuple(REGION_TIMEZONES))
    _one_of(shop, "gateway", shop.gateway, GATEWAYS)
    _one_of(shop, "environment", shop.environment, ENVIRONMENTS)
    _one_of(shop, "dialect", shop.dialect, DIALECTS)
    if shop.business_model is not None:
        _one_of(shop, "business_model", shop.business_model, BUSINESS_MODELS)
    if shop.timezone is not None:
        _check_timezone(shop, shop.timezone)
    _check_gateway_url(shop)
    if shop.settlement_lag_days is not None and shop.settlement_lag_days < 0:
        raise _refused(shop, "settlement_lag_days is negative", "give whole days, 0 or more")
    _check_secrets(shop)


def _one_of(shop: NewShop, field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise _refused(shop, f'{field} "{value}" is unknown', f"choose one of {', '.join(allowed)}")


def _check_timezone(shop: NewShop, name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the zone database
        raise _refused(
            shop, f'timezone "{name}" is no IANA zone', "write it like America/New_York, or leave it to the region"
        ) from None


def _check_gateway_url(shop: NewShop) -> None:
    if shop.gateway_url is None:
        return
    parts = urlsplit(shop.gateway_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise _refused(shop, "gateway_url is no plain http(s) address", "leave it out for the official gateway")


def _check_secrets(shop: NewShop) -> None:
    given = {
        "app_key": shop.app_key,
        "app_secret": shop.credentials.app_secret.get_secret_value(),
        "access_token": shop.credentials.access_token.get_secret_value(),
    }
    for field, value in given.items():
        if not value or value != value.strip():
            raise _refused(shop, f"{field} is empty or has spaces around it", "copy it again from the open platform")


def _refused(shop: NewShop, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f'shop "{shop.shop_name}" ({shop.temu_shop_id}): {problem}', remedy=remedy)
