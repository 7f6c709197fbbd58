"""The second face: the simplified REST interface with HMAC-SHA256 (API section 17), over the same shops and orders.

Belongs here: its signature, envelope, refusals and faults. Does not belong here: its records (see `operations.plain`).
Nobody documents envelope and codes of this interface; they are those of the synthetic samples.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.sandbox.distortions import distort
from connectors.sandbox.faults import CLOCKS, DISTORTIONS, REFUSALS, TRANSPORT, Caller
from connectors.sandbox.gateway import CLOCK_SKEW, Answer
from connectors.sandbox.operations.operation import Call, to_json
from connectors.sandbox.operations.plain import RefusedError
from connectors.sandbox.operations.registry import PATHS
from connectors.sandbox.sandbox import Sandbox
from connectors.sandbox.tokens import Grant

_REFUSALS = {
    "throttle": (429, "too many requests"),
    "system_error": (500, "internal error, please try again later"),
    "token_expired": (401, "access_token is expired"),
    "wrong_area": (401, "app_key belongs to another area"),
    "ip_not_whitelisted": (403, "the address of the caller is not registered"),
    "token_revoked": (401, "access_token is unknown"),
    "no_api_access": (403, "access_token lacks this path"),
    "business_error": (503, "the service is not available"),
}


class RestFace:
    """Answers POST requests on `PATHS`; app keys, tokens and faults are those of the router."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def answer(self, region: str, path: str, body: bytes) -> Answer:
        """Handle one call; never raises for anything the caller sent."""
        now, faults = self._sandbox.now(), self._sandbox.faults
        try:
            params = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError:
            return Answer(_failure(400, "the body is no JSON object"), now, status=400)
        caller = self._sandbox.caller(params, path)
        transport = faults.hit(TRANSPORT, caller)
        clock = faults.hit(CLOCKS, caller)
        shown = now + int(clock.pause if clock else 0)
        try:
            grant = self._admit(region, path, params, shown)
            result = self._perform(Call(grant.shop, region, now, params), path, grant, caller)
        except RefusedError as refusal:
            status = 200 if refusal.status == 404 else refusal.status
            return Answer(_failure(refusal.status, str(refusal)), shown, transport, status)
        return Answer(_success(result), shown, transport)

    def _admit(self, region: str, path: str, params: Mapping[str, Any], shown: int) -> Grant:
        """Whose call this is. `shown` is the instant that this face's clock shows."""
        secret = self._sandbox.tokens.secret_of(region, str(params.get("app_key", "")))
        if secret is None:
            raise RefusedError(401, "app_key is unknown")
        stamp = params.get("timestamp")
        if type(stamp) is not int or abs(stamp - shown) > CLOCK_SKEW:
            raise RefusedError(401, "timestamp is missing or expired")
        given = str(params.get("sign", ""))
        if not hmac.compare_digest(given.encode(), expected_sign(params, secret).encode()):
            raise RefusedError(401, "sign is invalid")
        grant = self._sandbox.tokens.grant_of(str(params.get("access_token", "")))
        now = self._sandbox.world.now
        if grant is None or grant.app_key != params["app_key"] or not grant.current or grant.expires <= now:
            raise RefusedError(401, "access_token is invalid")
        if path not in grant.scopes:
            raise RefusedError(*_REFUSALS["no_api_access"])
        return grant

    def _perform(self, call: Call, path: str, grant: Grant, caller: Caller | None) -> bytes:
        faults, operation = self._sandbox.faults, PATHS[path]
        if fault := faults.hit(REFUSALS, caller):
            raise RefusedError(*_REFUSALS[fault.kind])
        if not self._sandbox.quota.allows(grant.app_key):
            raise RefusedError(*_REFUSALS["throttle"])
        result = operation.handler(call)
        if operation.rows and (fault := faults.hit(DISTORTIONS, caller)):
            return distort(fault, operation, call, result)
        return result


def expected_sign(params: Mapping[str, Any], secret: str) -> str:
    """HMAC-SHA256 in upper case over secret + sorted key/value pairs + secret, without `sign`."""
    text = secret
    for key in sorted(params):
        if key != "sign":
            value = params[key]
            text += key + (json.dumps(value) if isinstance(value, dict | list) else str(value))
    return hmac.new(secret.encode(), (text + secret).encode(), hashlib.sha256).hexdigest().upper()


def _success(result: bytes) -> bytes:
    """`result` is rendered JSON."""
    return b'{"success":true,"error_code":0,"error_msg":"","result":' + result + b"}"


def _failure(code: int, message: str) -> bytes:
    return to_json({"success": False, "error_code": code, "error_msg": message, "result": None})
