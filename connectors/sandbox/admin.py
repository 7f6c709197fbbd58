"""The commands of the sandbox over HTTP, without signature and for this machine only.

Belongs here: shops, clock, faults, tokens, truth, files, webhooks. Does not belong here: anything the platform offers.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.faults import KINDS, UnknownFaultError
from connectors.sandbox.files import write_files
from connectors.sandbox.operations.bills import bill_file
from connectors.sandbox.push.events import latest_messages
from connectors.sandbox.push.postman import Postman
from connectors.sandbox.push.subscription import BadSubscriptionError, Subscription
from connectors.sandbox.sandbox import Sandbox
from connectors.sandbox.tokens import gateways_of
from connectors.sandbox.truth import gmv_truth
from connectors.sandbox.webhooks import write_webhooks
from connectors.sandbox.world import load
from connectors.sandbox.world.shop import LiveShop


class BadCommandError(ValueError):
    """A command that cannot be carried out; the message says what was expected."""


class Admin:
    """The endpoints; each reads or changes the one sandbox it was made for."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._postman = Postman(sandbox)
        if "url" in sandbox.webhooks:
            self._postman.subscribe(Subscription.of(sandbox.webhooks))

    def build(self) -> Starlette:
        """The application with its routes; unknown paths are 404."""
        routes = [
            Route("/sandbox/shops", self.shops),
            Route("/sandbox/clock", self.clock),
            Route("/sandbox/clock/advance", self.advance, methods=["POST"]),
            Route("/sandbox/truth/gmv", self.truth),
            Route("/sandbox/faults", self.faults, methods=["GET", "PUT"]),
            Route("/sandbox/tokens", self.tokens, methods=["POST"]),
            Route("/sandbox/quota", self.quota, methods=["PUT"]),
            Route("/sandbox/bills/{task}", self.bill),
            Route("/sandbox/files", self.files, methods=["POST"]),
            Route("/sandbox/webhooks", self.webhooks, methods=["POST"]),
            Route("/sandbox/webhooks/subscription", self.subscription, methods=["GET", "PUT", "DELETE"]),
        ]
        mistakes = (BadCommandError, BadSubscriptionError, UnknownFaultError, json.JSONDecodeError)
        handlers = dict.fromkeys(mistakes, _bad_request)
        return Starlette(
            routes=routes,
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=_loopback_only)],
            exception_handlers=handlers,
            lifespan=self._with_postman,
        )

    @asynccontextmanager
    async def _with_postman(self, _app: Starlette) -> AsyncIterator[None]:
        """Events are pushed while the server runs."""
        task = asyncio.create_task(self._postman.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def shops(self, request: Request) -> Response:
        """Everything needed to register the shops, credentials included."""
        base = str(request.base_url).rstrip("/")
        return JSONResponse([self._shop_row(shop, base) for shop in self._sandbox.world.shops])

    async def clock(self, _request: Request) -> Response:
        """The virtual instant and the spans that hold data."""
        return JSONResponse(self._clock())

    async def advance(self, request: Request) -> Response:
        """Body `{"seconds": n}`, n ≥ 0."""
        seconds = _number(await _object(request), "seconds")
        if seconds < 0:
            raise BadCommandError("seconds must not be negative: the sandbox clock only moves forward")
        self._sandbox.advance(seconds)
        return JSONResponse(self._clock())

    async def truth(self, request: Request) -> Response:
        """Rows per shop and Beijing day as of now, or as of `?at=` epoch seconds in the past."""
        now = self._sandbox.now()
        at = request.query_params.get("at")
        if at is not None and not (at.isdigit() and int(at) <= now):
            raise BadCommandError(f"at must be epoch seconds up to {now}, got {at!r}")
        return JSONResponse(gmv_truth(self._sandbox.world, int(at) if at else now, self._sandbox.state.files_at))

    async def faults(self, request: Request) -> Response:
        """GET the rules with their counters; PUT a list of rules to replace them all."""
        if request.method == "PUT":
            rules = await request.json()
            if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
                raise BadCommandError("faults must be a JSON list of objects")
            self._sandbox.faults.replace(rules)
            self._sandbox.save()
        return JSONResponse({"faults": self._sandbox.faults.as_json(), "kinds": KINDS})

    async def tokens(self, request: Request) -> Response:
        """Body `{"shop": …, "rotate": true | "expire": true/false | "grant": [types] | "revoke": [types]}`."""
        body, office = await _object(request), self._sandbox.tokens
        shop = self._find_shop(body.get("shop"))
        office.change(shop, body)
        self._sandbox.save()
        return JSONResponse(self._shop_row(shop, str(request.base_url).rstrip("/")))

    async def quota(self, request: Request) -> Response:
        """Body `{"app_key": …, "calls_per_second": n}`; 0 means no limit."""
        body = await _object(request)
        rate = _number(body, "calls_per_second")
        self._sandbox.quota.set(str(body.get("app_key", "")), rate)
        return JSONResponse({"app_key": body.get("app_key"), "calls_per_second": rate})

    async def bill(self, request: Request) -> Response:
        """The statement file behind a task's address, until the address expires."""
        query, now = request.query_params, self._sandbox.now()
        task = str(request.path_params["task"])
        content = bill_file(self._sandbox.world, task, query.get("expires", ""), query.get("key", ""), now)
        if content is None:
            return JSONResponse({"error": "this address is unknown or has expired"}, status_code=403)
        return Response(content, media_type="text/csv")

    async def files(self, request: Request) -> Response:
        """Body `{"dir": …}`: write the companion files there."""
        folder = _folder(await _object(request))
        now = self._sandbox.now()
        self._sandbox.state.files_at = now
        rows = write_files(self._sandbox.world, folder, now)
        self._sandbox.save()
        return JSONResponse({"dir": str(folder), "rows": rows})

    async def webhooks(self, request: Request) -> Response:
        """Body `{"dir": …, "count": n}`: write events of the orders that changed last; without `dir`: push them now."""
        body = await _object(request)
        count = _number(body, "count")
        if "dir" not in body:
            self._postman.post(latest_messages(self._sandbox.world, int(count), self._sandbox.now()))
            await self._postman.deliver_now()
            return JSONResponse(self._postman.as_json())
        names = write_webhooks(self._sandbox.world, _folder(body), int(count), self._sandbox.now())
        return JSONResponse({"dir": body["dir"], "files": names})

    async def subscription(self, request: Request) -> Response:
        """Where events are pushed: GET it with its counters, PUT `{"url": …}` and troubles, DELETE it.

        Troubles that are not named are those of the scenario, if one is played.
        """
        if request.method == "PUT":
            self._postman.subscribe(Subscription.of(self._sandbox.webhooks | await _object(request)))
        elif request.method == "DELETE":
            self._postman.subscribe(None)
        return JSONResponse(self._postman.as_json())

    def _clock(self) -> dict[str, Any]:
        now = self._sandbox.now()
        opening = load.START - 6 * 86_400 if self._sandbox.options.load_lines else self._sandbox.opening_instant
        answer: dict[str, Any] = {"now": now, "opening": opening, "offset_seconds": self._sandbox.clock.offset}
        if self._sandbox.options.load_lines:
            answer |= {"load_window": [load.START, load.END]}
        return answer

    def _find_shop(self, wanted: object) -> LiveShop:
        try:
            return self._sandbox.world.find(wanted)
        except LookupError as error:
            raise BadCommandError(str(error)) from None

    def _shop_row(self, shop: LiveShop, base: str) -> dict[str, Any]:
        profile, credentials = shop.profile, self._sandbox.tokens.credentials(shop)
        return {
            "shop_name": profile.name,
            "temu_shop_id": profile.mall_id,
            "region": profile.region,
            "gateway": profile.gateway,
            "gateway_url": f"{base}/{profile.gateway}/openapi/router",
            "entity": profile.entity,
            "business_model": profile.business_model,
            "timezone": profile.timezone,
            "default_manager": profile.default_manager,
            "settlement_lag_days": profile.settlement_lag_days,
            "currency": profile.currency,
            "app_key": credentials.app_key,
            "app_secret": credentials.app_secret,
            "access_token": credentials.access_token,
            "authorisation_code": self._sandbox.tokens.code_of(shop),
            "partner": self._partner_rows(shop, base),
        }

    def _partner_rows(self, shop: LiveShop, base: str) -> list[dict[str, str]]:
        """The shop's credentials on the gateways of cross-border goods; none for local shops."""
        rows = []
        for gateway in gateways_of(shop)[1:]:
            given = self._sandbox.tokens.credentials(shop, gateway)
            rows.append(
                {
                    "gateway": gateway,
                    "gateway_url": f"{base}/{gateway}/openapi/router",
                    "app_key": given.app_key,
                    "app_secret": given.app_secret,
                    "access_token": given.access_token,
                }
            )
        return rows


async def _object(request: Request) -> dict[str, Any]:
    body = await request.json()
    if not isinstance(body, dict):
        raise BadCommandError("the body must be a JSON object")
    return body


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadCommandError(f"{name} must be a number, got {value!r}")
    return value


def _folder(body: dict[str, Any]) -> Path:
    folder = body.get("dir")
    if not isinstance(folder, str) or not folder:
        raise BadCommandError("dir must name a folder")
    return Path(folder)


async def _bad_request(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)


async def _loopback_only(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    host = request.client.host if request.client else ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "testclient"
    if not local:
        return JSONResponse({"error": "sandbox commands are for this machine only"}, status_code=403)
    return await call_next(request)
