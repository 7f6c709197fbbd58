"""The router: a request body goes in, an envelope comes out (API sections 3 to 6).

Belongs here: the order of checks and refusals. Does not belong here: sockets (see `app`), what operations do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.sandbox.distortions import distort
from connectors.sandbox.envelope import (
    AMOUNTS_CALCULATING,
    BAD_DATA_TYPE,
    BAD_PARAMS,
    CODE_INVALID,
    EVENTS_TOO_OFTEN,
    EXPIRED_TIMESTAMP,
    FUTURE_TIMESTAMP,
    IP_NOT_WHITELISTED,
    NO_API_ACCESS,
    NO_APP_KEY,
    NO_DATA_TYPE,
    NO_SIGN,
    NO_TIMESTAMP,
    NO_TOKEN,
    NO_TYPE,
    RATE_LIMIT,
    SERVICE_ERROR,
    SIGN_INVALID,
    SUNSET_TYPE,
    SYSTEM_BUSY,
    TOKEN_APP_MISMATCH,
    TOKEN_EXPIRED,
    UNKNOWN_APP_KEY,
    UNKNOWN_TOKEN,
    UNKNOWN_TYPE,
    WRONG_AREA,
    Envelopes,
    GatewayError,
)
from connectors.sandbox.faults import CLOCKS, DELAYS, DISTORTIONS, REFUSALS, TRANSPORT, Caller, Fault
from connectors.sandbox.operations.events import EVENTS
from connectors.sandbox.operations.operation import Call, Operation
from connectors.sandbox.operations.registry import OPERATIONS, PATHS, SUNSET
from connectors.sandbox.parameters import check_types
from connectors.sandbox.quota import Quota
from connectors.sandbox.sandbox import Sandbox
from connectors.sandbox.signature import is_signed
from connectors.sandbox.tokens import Grant

CLOCK_SKEW = 300
_REFUSAL_CODES = {
    "throttle": RATE_LIMIT,
    "system_error": SYSTEM_BUSY,
    "token_expired": TOKEN_EXPIRED,
    "wrong_area": WRONG_AREA,
    "amounts_calculating": AMOUNTS_CALCULATING,
    "ip_not_whitelisted": IP_NOT_WHITELISTED,
    "token_revoked": UNKNOWN_TOKEN,
    "no_api_access": NO_API_ACCESS,
    "business_error": SERVICE_ERROR,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An envelope, the instant it belongs to, and the transport fault that it meets on its way, if any.

    The router's `status` is always 200; the simplified REST interface has others.
    """

    body: bytes
    now: int
    fault: Fault | None = None
    status: int = 200


@dataclass(slots=True)
class Request:
    """A parsed body on its way through the checks. `shown` is the instant that the gateway's clock shows."""

    region: str
    params: dict[str, Any]
    now: int
    shown: int = 0
    base_url: str = ""
    operation: Operation | None = None
    secret: str | None = None
    grant: Grant | None = None

    def text(self, name: str) -> str:
        """A common parameter as text; empty when absent or of another type."""
        value = self.params.get(name)
        return value if isinstance(value, str) else ""


class Gateway:
    """Answers like the platform: type, app key, data type, timestamp, sign, token, scope, address, rate, business."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._envelopes = Envelopes(sandbox.state.seed)
        self._own_limits: dict[str, Quota] = {}
        self._decode = msgspec.json.Decoder(dict[str, Any]).decode
        checks: list[Callable[[Request], None]] = [
            self._check_type, self._check_app_key, self._check_data_type, self._check_timestamp, self._check_sign,
            self._check_token, self._check_scope,
        ]  # fmt: skip
        if sandbox.options.sign_first:
            checks.remove(self._check_sign)
            checks.insert(2, self._check_sign)
        self._checks = tuple(checks)

    def answer(self, region: str, body: bytes, base_url: str = "") -> Answer:
        """Handle one call; never raises for anything the caller sent. `base_url` is how the caller reaches us."""
        now = self.sandbox.now()
        try:
            params = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            refusal = GatewayError(NO_TYPE) if not body.strip() else GatewayError(BAD_PARAMS, "body")
            return Answer(self._envelopes.failure(region, refusal), now)
        request = Request(region, params, now, base_url=base_url)
        caller = self.sandbox.caller(params, params.get("type"))
        transport = self.sandbox.faults.hit(TRANSPORT, caller)
        clock = self.sandbox.faults.hit(CLOCKS, caller)
        request.shown = now + int(clock.pause if clock else 0)
        try:
            for check in self._checks:
                check(request)
            reply = self._envelopes.success(region, self._perform(request, caller))
        except GatewayError as error:
            reply = self._envelopes.failure(region, error)
        return Answer(reply, request.shown, transport)

    def _perform(self, request: Request, caller: Caller | None) -> bytes:
        grant, operation = request.grant, request.operation
        if grant is None or operation is None:
            raise RuntimeError("a request reached its operation without passing the checks")
        if fault := self.sandbox.faults.hit(REFUSALS, caller):
            raise GatewayError(_REFUSAL_CODES[fault.kind])
        if not self.sandbox.quota.allows(grant.app_key):
            raise GatewayError(RATE_LIMIT)
        self._check_own_limit(operation, grant)
        check_types(request.params, operation.forms)
        scopes = tuple(sorted(grant.scopes - PATHS.keys())) if operation.type.startswith("bg.open.accesstoken.") else ()
        events = self.sandbox.state.events.setdefault(str(grant.shop.profile.mall_id), list(EVENTS))
        late = self.sandbox.faults.hit(DELAYS, caller)
        call = Call(
            grant.shop, request.region, request.now, request.params, scopes, grant.expires, grant.token, events,
            request.base_url, (late.pause, late.rate) if late else (0.0, 0.0),
        )  # fmt: skip
        result = operation.handler(call)
        if fault := self.sandbox.faults.hit(DISTORTIONS, caller):
            result = distort(fault, operation, call, result)
            if fault.kind == "drift":
                self.sandbox.save()
        return result

    def _check_own_limit(self, operation: Operation, grant: Grant) -> None:
        """Some operations may be called even less often than the app key's quota allows."""
        if operation.per_second is None:
            return
        limit = self._own_limits.setdefault(operation.type, Quota(operation.per_second))
        if not limit.allows(grant.app_key):
            raise GatewayError(EVENTS_TOO_OFTEN)

    def _check_type(self, request: Request) -> None:
        name = request.text("type")
        if not name:
            raise GatewayError(NO_TYPE)
        if name in SUNSET:
            raise GatewayError(SUNSET_TYPE)
        request.operation = OPERATIONS.get(name)
        if request.operation is None or request.region not in request.operation.gateways:
            raise GatewayError(UNKNOWN_TYPE)

    def _check_app_key(self, request: Request) -> None:
        app_key = request.text("app_key")
        if not app_key:
            raise GatewayError(NO_APP_KEY)
        request.secret = self.sandbox.tokens.secret_of(request.region, app_key)
        if request.secret is None:
            raise GatewayError(UNKNOWN_APP_KEY)

    def _check_data_type(self, request: Request) -> None:
        data_type = request.params.get("data_type")
        if not data_type:
            raise GatewayError(NO_DATA_TYPE)
        if not isinstance(data_type, str) or data_type.upper() != "JSON":
            raise GatewayError(BAD_DATA_TYPE)

    def _check_timestamp(self, request: Request) -> None:
        given = request.params.get("timestamp")
        if given in (None, ""):
            raise GatewayError(NO_TIMESTAMP)
        text = str(given)
        if isinstance(given, bool) or not (text.isascii() and text.isdigit() and len(text) == 10):
            raise GatewayError(FUTURE_TIMESTAMP)
        if int(text) > request.shown + CLOCK_SKEW:
            raise GatewayError(FUTURE_TIMESTAMP)
        if int(text) < request.shown - CLOCK_SKEW:
            raise GatewayError(EXPIRED_TIMESTAMP)

    def _check_sign(self, request: Request) -> None:
        if not request.params.get("sign"):
            raise GatewayError(NO_SIGN)
        if request.secret is None or not is_signed(request.params, request.secret):
            raise GatewayError(SIGN_INVALID)

    def _check_token(self, request: Request) -> None:
        token = request.text("access_token")
        if not token:
            raise GatewayError(NO_TOKEN)
        if request.operation and request.operation.by_code:
            request.grant = self.sandbox.redeem(request.text("code"), request.region)
            if request.grant is None:
                raise GatewayError(CODE_INVALID)
            return
        request.grant = self.sandbox.tokens.grant_of(token)
        if request.grant is None:
            raise GatewayError(UNKNOWN_TOKEN)
        if request.grant.app_key != request.text("app_key"):
            raise GatewayError(TOKEN_APP_MISMATCH)
        if not request.grant.current or request.grant.expires <= request.now:
            raise GatewayError(TOKEN_EXPIRED)

    def _check_scope(self, request: Request) -> None:
        if request.grant is None or request.text("type") not in request.grant.scopes:
            raise GatewayError(NO_API_ACCESS)
