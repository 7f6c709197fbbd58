"""Shops over HTTP: the same functions as `omni shops`, never a secret in an answer.

Belongs here: requests and answers. What is allowed in a shop's row: `connectors.shops`; what the platform says about
it: `connectors.sync.check_shop`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated

import psycopg
from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, Field, JsonValue, SecretStr

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import (
    BUSINESS_MODELS,
    DIALECTS,
    ENVIRONMENTS,
    GATEWAYS,
    REGION_TIMEZONES,
    NewShop,
    Shop,
    ShopCredentials,
    change_shop,
    get_shop,
    list_shops,
)
from connectors.sync import check_shop
from orchestration.api.access import Admin, Operator, Viewer, audit
from orchestration.api.fields import PlainText
from orchestration.api.problems import ProblemError, responses
from orchestration.registration import RegisteredError, register_shop

ShopName = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f]{1,200}$", description="Name, mall id or id.")]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=500)]
# The document tells what `connectors.shops` lets through, which refuses the rest with a remedy.
Region = Annotated[PlainText, Field(json_schema_extra={"enum": [*REGION_TIMEZONES]})]
Gateway = Annotated[PlainText, Field(json_schema_extra={"enum": [*GATEWAYS]})]
Dialect = Annotated[PlainText, Field(json_schema_extra={"enum": [*DIALECTS]})]
Environment = Annotated[PlainText, Field(json_schema_extra={"enum": [*ENVIRONMENTS]})]
BusinessModel = Annotated[PlainText, Field(json_schema_extra={"enum": [*BUSINESS_MODELS]})]

_EXAMPLE: dict[str, JsonValue] = {
    "temu_shop_id": 634418000000001,
    "shop_name": "Acme US",
    "region": "US",
    "gateway": "US",
    "app_key": "app-key",
    "business_model": "local",
}


class ShopAnswer(BaseModel):
    """A shop without its secrets."""

    id: int
    temu_shop_id: int
    shop_name: str
    region: str
    gateway: str
    gateway_url: str | None = Field(description="Another address than the official one.")
    dialect: str
    app_key: str
    environment: str
    is_active: bool
    entity: str | None
    business_model: str | None
    timezone: str | None
    default_manager: str | None
    settlement_lag_days: int | None
    last_sync_at: datetime | None
    token_expires_at: datetime | None = Field(default=None, description="End of its own token; null = not known yet.")

    model_config = {"from_attributes": True}


class ShopChange(BaseModel):
    """The fields to replace; what is absent stays. `gateway_url` null = the official address."""

    model_config = {"extra": "forbid", "json_schema_extra": {"examples": [{"default_manager": "Li"}]}}

    shop_name: PlainText | None = None
    region: Region | None = None
    gateway: Gateway | None = None
    gateway_url: PlainText | None = None
    dialect: Dialect | None = None
    app_key: PlainText | None = None
    environment: Environment | None = None
    entity: PlainText | None = None
    business_model: BusinessModel | None = None
    timezone: PlainText | None = None
    default_manager: PlainText | None = None
    settlement_lag_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    app_secret: Secret | None = None
    access_token: Secret | None = None
    token_expires_at: AwareDatetime | None = None


class ShopRequest(BaseModel):
    """A shop to register."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"examples": [_EXAMPLE | {"app_secret": "…", "access_token": "…"}]},
    }

    temu_shop_id: Annotated[int, Field(gt=0, lt=2**63, description="The platform's mall id.")]
    shop_name: PlainText
    region: Region
    gateway: Gateway = "US"
    gateway_url: PlainText | None = Field(default=None, description="Another address than the official one.")
    dialect: Dialect = "router"
    app_key: PlainText
    app_secret: Secret
    access_token: Secret
    token_expires_at: AwareDatetime | None = None
    environment: Environment = "production"
    entity: PlainText | None = None
    business_model: BusinessModel | None = None
    timezone: PlainText | None = None
    default_manager: PlainText | None = None
    settlement_lag_days: Annotated[int, Field(ge=0, le=3650)] | None = None


class CheckAnswer(BaseModel):
    """The platform's view of a shop: token, scopes, clock; and the quota that its app key has here."""

    model_config = {"from_attributes": True}

    shop_name: str
    is_well: bool
    message: str
    mall_id: int | None
    region_id: int | None
    expires_at: datetime | None
    missing: list[str] = Field(description="Operations that the token may not call.")
    absent: list[str] = Field(description="Streams that a shop like this does not have; none of them fails.")
    clock_skew_seconds: int
    calls_per_second: float | None


def shop_routes(settings: Settings, database_url: str, connect: Callable[[], psycopg.Connection]) -> APIRouter:
    """The routes below /api/shops."""
    router = APIRouter(prefix="/api/shops", tags=["shops"])
    common = responses(401, 403, 422, 429, 503)
    named = common | responses(404)

    @router.get("", summary="All shops", responses=common)
    def all_shops(_key: Viewer) -> list[ShopAnswer]:
        """Without their secrets."""
        with connect() as conn:
            return _told(conn, list_shops(conn))

    @router.get("/{shop}", summary="One shop", responses=named)
    def one_shop(_key: Viewer, shop: ShopName) -> ShopAnswer:
        """Without its secrets."""
        with connect() as conn:
            return _told(conn, [_found(conn, shop)])[0]

    @router.post("", status_code=201, summary="Register a shop", responses=common | responses(400, 409, 413))
    def create(key: Admin, wanted: ShopRequest) -> ShopAnswer:
        """Its secrets are sealed before they are stored."""
        with connect() as conn:
            try:
                saved = register_shop(conn, SecretBox.open(settings), _new_shop(wanted))
            except RegisteredError as error:
                raise ProblemError(409, f"{error.args[0]}; change it with PATCH") from None
            [answer] = _told(conn, [saved])
        audit(key, "shop created", shop=saved.shop_name, mall_id=saved.temu_shop_id)
        return answer

    @router.patch("/{shop}", summary="Change a shop", responses=named | responses(400, 413))
    def update(key: Admin, shop: ShopName, wanted: ShopChange) -> ShopAnswer:
        """A replaced app secret keeps verifying pushed events for a week."""
        changes = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        with connect() as conn:
            found = _found(conn, shop)
            saved = change_shop(conn, SecretBox.open(settings), found.id, _without_holes(changes))
            [answer] = _told(conn, [saved])
        audit(key, "shop changed", shop=saved.shop_name, fields=sorted(changes))
        return answer

    @router.post("/{shop}/deactivate", summary="Stop reading a shop", responses=named)
    def deactivate(key: Admin, shop: ShopName) -> ShopAnswer:
        """What it brought stays in the tables."""
        return _switched(key, shop, active=False)

    @router.post("/{shop}/activate", summary="Read a shop again", responses=named)
    def activate(key: Admin, shop: ShopName) -> ShopAnswer:
        """The next run reads on from its watermark."""
        return _switched(key, shop, active=True)

    @router.post("/{shop}/check", summary="Ask the platform about a shop", responses=named)
    def check(_key: Operator, shop: ShopName) -> CheckAnswer:
        """Token, expiry, scopes, clock and quota; trouble is told in the answer."""
        with connect() as conn:
            found = _found(conn, shop)
        return CheckAnswer.model_validate(check_shop(database_url, settings=settings, shop=str(found.temu_shop_id)))

    def _switched(key: Admin, shop: str, *, active: bool) -> ShopAnswer:
        with connect() as conn:
            saved = change_shop(conn, SecretBox.open(settings), _found(conn, shop).id, {"is_active": active})
            [answer] = _told(conn, [saved])
        audit(key, "shop activated" if active else "shop deactivated", shop=saved.shop_name)
        return answer

    return router


def _found(conn: psycopg.Connection, shop: str) -> Shop:
    try:
        return get_shop(conn, shop)
    except ConfigurationError as error:
        raise ProblemError(404, str(error)) from None


def _told(conn: psycopg.Connection, shops: Iterable[Shop]) -> list[ShopAnswer]:
    known = conn.execute("select shop_id, token_expires_at from ops.shop_credentials").fetchall()
    ends: dict[int, datetime | None] = dict(known)
    return [
        ShopAnswer.model_validate(shop).model_copy(update={"token_expires_at": ends.get(shop.id)}) for shop in shops
    ]


def _new_shop(wanted: ShopRequest) -> NewShop:
    plain = wanted.model_dump(exclude={"app_secret", "access_token", "token_expires_at"})
    sealed = ShopCredentials(wanted.app_secret, wanted.access_token, wanted.token_expires_at)
    return NewShop(**plain, credentials=sealed)


def _without_holes(changes: dict[str, object]) -> dict[str, object]:
    """These columns always have a value; null means no more than leaving them out."""
    always = ("shop_name", "region", "gateway", "app_key", "dialect", "environment", "app_secret", "access_token")
    return {name: value for name, value in changes.items() if value is not None or name not in always}
