"""`POST /api/webhook/temu`: verify, store, acknowledge – in that order, and nothing else before the answer (§16).

Belongs here: from a request to a stored event or a refusal. Order of events means nothing here: whoever reads the inbox
asks the platform for the present state. The answer comes within the platform's 500 ms, because neither database nor
platform is asked on the way.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from connectors.errors import TransientError
from connectors.settings import Settings
from connectors.temu.webhooks import (
    TEST_EVENT,
    Delivery,
    Event,
    MalformedDeliveryError,
    UnverifiedDeliveryError,
    is_fresh,
    message_in,
    open_delivery,
    open_seed_delivery,
    read_event,
    sealed_body,
)
from orchestration.api.apps import Apps
from orchestration.api.mailbox import Mailbox
from orchestration.api.problems import ProblemError, responses
from orchestration.api.refusals import TEST, Refusal, Refusals, refused_id, seen_only
from orchestration.names import WEBHOOK_PATH

MOST_BYTES = 256 * 1024
SEED_HEADER = "x-temu-signature"
BAD_SIGNATURE, TOO_OLD, UNKNOWN_SHOP, NO_SHOP = "signature", "too old", "unknown shop", "names no shop"
_LONGEST_CODE = 100
_ACKNOWLEDGED: dict[str, dict[str, str]] = {"result": {}}

EXAMPLE = {
    "eventData": (
        "iOdue1PBx6rjZc8UgstEGRXCXKA5fl/3029CjdHkoxoGnhM4rLorhKYVJtyRalGcMcmE8SBaLX+Fe9RGyGd4Aj0FApl4GTosGruNvOiEc9U="
    )
}
_HEADERS = [
    ("x-tm-app-key", True, "The app's key.", "sandbox-app-key-0001"),
    ("x-tm-event-code", True, "What happened.", "bg_trade_logistics_address_changed"),
    ("x-tm-timestamp", True, "When it was sent, in milliseconds.", "1767239100000"),
    (
        "x-tm-signature",
        True,
        "HMAC-SHA256 in hexadecimal.",
        "b6218d72ffad5cf2b590c227be4ef96be443295e865fe31f0cd0055e6af2fd09",
    ),
    ("x-tm-ext-param", False, "May be signed or not.", "{}"),
]
_DOCUMENT: dict[str, Any] = {
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": needed,
            "description": text,
            "schema": {"type": "string"},
            "example": value,
        }
        for name, needed, text, value in _HEADERS
    ],
    "requestBody": {
        "required": True,
        "description": "The encrypted event; up to 256 kB.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["eventData"],
                    "properties": {"eventData": {"type": "string", "description": "AES-128-CBC, Base64"}},
                },
                "example": EXAMPLE,
            }
        },
    },
}


class Door:
    """What one process needs to take events."""

    def __init__(self, settings: Settings, apps: Apps, mailbox: Mailbox, refusals: Refusals) -> None:
        self._settings = settings
        self._window = timedelta(hours=settings.webhook_window_hours)
        self._apps = apps
        self._mailbox = mailbox
        self._refusals = refusals
        self.kept: Counter[str] = Counter()

    async def take(self, request: Request) -> None:
        """Returns when the event is on the disk, was there before, or needs nothing; raises what the sender is told."""
        received_at = datetime.now(UTC)
        body = await request.body()
        if self._settings.webhook_seed_secret and SEED_HEADER in request.headers:
            await self._keep(self._open_seed(request, body, received_at), received_at)
            return
        code = _header(request, "x-tm-event-code")
        if code == TEST_EVENT:
            await self._take_test(request, body, received_at)
            return
        delivery = _delivery(request, code, body)
        event = await self._open(delivery, body, received_at)
        await self._check_shop(delivery.app_key, event, received_at)
        await self._keep(event, received_at)

    async def _take_test(self, request: Request, body: bytes, received_at: datetime) -> None:
        """The console's test button has been seen to send clear text (§16.5); such an event can do nothing here."""
        message_in(body)
        try:
            event = await self._open(_delivery(request, TEST_EVENT, body), body, received_at)
        except MalformedDeliveryError:
            self._refusals.add(seen_only(read_event(TEST_EVENT, {}, received_at), received_at, signature_ok=None))
        else:
            self._refusals.add(seen_only(event, received_at, signature_ok=True))

    async def _open(self, delivery: Delivery, body: bytes, received_at: datetime) -> Event:
        """Verify with the secrets we know; one look at newer ones before the delivery is refused."""
        apps = await self._apps.known()
        try:
            event = self._opened(delivery, apps.secrets.get(delivery.app_key, ()))
        except UnverifiedDeliveryError:
            newer = await self._apps.newer()
            try:
                event = self._opened(delivery, newer.secrets.get(delivery.app_key, ()) if newer else ())
            except UnverifiedDeliveryError:
                self._refuse(delivery.event_code, BAD_SIGNATURE, body, delivery.timestamp, received_at)
                raise
        if not is_fresh(event.sent_at, received_at, self._window):
            self._refuse(delivery.event_code, TOO_OLD, body, delivery.timestamp, received_at)
            raise UnverifiedDeliveryError("the delivery was sent too long ago, or in the future")
        return event

    def _opened(self, delivery: Delivery, secrets: tuple[SecretStr, ...]) -> Event:
        return open_delivery(delivery, secrets, ampersand=self._settings.webhook_ampersand)

    def _open_seed(self, request: Request, body: bytes, received_at: datetime) -> Event:
        secret, mall_id = self._settings.webhook_seed_secret, self._settings.webhook_seed_mall_id
        if secret is None or mall_id is None:
            raise TransientError("clear bodies cannot be taken", remedy="set OMNI_WEBHOOK_SEED_MALL_ID")
        try:
            event = open_seed_delivery(body, request.headers[SEED_HEADER], secret, mall_id)
        except UnverifiedDeliveryError:
            self._refuse("seed", BAD_SIGNATURE, body, "", received_at)
            raise
        if not is_fresh(event.sent_at, received_at, self._window):
            self._refuse("seed", TOO_OLD, body, "", received_at)
            raise UnverifiedDeliveryError("the delivery was sent too long ago, or in the future")
        return event

    async def _check_shop(self, app_key: str, event: Event, received_at: datetime) -> None:
        """404 lets the platform repeat the event for a day: a shop registered meanwhile loses nothing."""
        if event.mall_id is None:
            self._refusals.add(Refusal(event.id, event.code, received_at, True, NO_SHOP))
            raise ProblemError(422, "the event names no shop")
        apps = await self._apps.known()
        if not apps.owns(app_key, event.mall_id):
            apps = await self._apps.newer() or apps
        if not apps.owns(app_key, event.mall_id):
            mall_id, order = event.mall_id, event.parent_order_sn
            self._refusals.add(
                Refusal(f"refused-{event.id}", event.code, received_at, True, UNKNOWN_SHOP, mall_id, order)
            )
            raise ProblemError(404, f"no active shop of this app has the mall id {mall_id}")

    async def _keep(self, event: Event, received_at: datetime) -> None:
        try:
            is_new = await run_in_threadpool(self._mailbox.put, event, received_at)
        except OSError as error:
            raise TransientError(
                f"the event cannot be stored: {error.strerror}", remedy="send it again later"
            ) from error
        self.kept["accepted" if is_new else "repeated"] += 1

    def outcomes(self) -> dict[tuple[str, str], int]:
        """Deliveries by outcome and reason since the process began."""
        refused = {
            (("test", "") if kind == TEST else ("refused", kind)): n for kind, n in self._refusals.counts.items()
        }
        return {(kind, ""): self.kept[kind] for kind in ("accepted", "repeated")} | refused

    def _refuse(self, code: str, reason: str, body: bytes, stamp: str, received_at: datetime) -> None:
        row_id = refused_id(code, body, stamp)
        self._refusals.add(Refusal(row_id, code[:_LONGEST_CODE], received_at, reason != BAD_SIGNATURE, reason))


def door_routes(door: Door) -> APIRouter:
    """The route of the door."""
    router = APIRouter(tags=["webhook"])

    @router.post(
        WEBHOOK_PATH,
        summary="Take a pushed event",
        openapi_extra=_DOCUMENT,
        responses={
            200: {"description": "Stored", "content": {"application/json": {"example": _ACKNOWLEDGED}}},
            **responses(400, 401, 404, 413, 422, 503),
        },
    )
    async def take_event(request: Request) -> Response:
        """Acknowledged once it is on the disk. Repeated deliveries of a change are acknowledged and stored once."""
        await door.take(request)
        return JSONResponse(_ACKNOWLEDGED)

    return router


def _delivery(request: Request, code: str, body: bytes) -> Delivery:
    return Delivery(
        app_key=_header(request, "x-tm-app-key"),
        event_code=code,
        timestamp=_header(request, "x-tm-timestamp"),
        signature=_header(request, "x-tm-signature"),
        event_data=sealed_body(body),
        ext_param=request.headers.get("x-tm-ext-param", ""),
    )


def _header(request: Request, name: str) -> str:
    value = request.headers.get(name, "").strip()
    if not value or (name == "x-tm-event-code" and len(value) > _LONGEST_CODE):
        raise MalformedDeliveryError(f"the header {name} is missing or no {name.removeprefix('x-tm-')}")
    return value
