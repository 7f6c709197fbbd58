"""How a gateway wants to be spoken to: the platform's router (API reference §3), or the simplified REST face (§17).

Belongs here: address, common parameters, signature and envelope of each. Everything else of a conversation (retries,
quota, clock) is `client`'s business and the same for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from connectors.errors import ConfigurationError
from connectors.temu.signing import sign, sign_rest

if TYPE_CHECKING:
    from connectors.temu.client import Credentials

REST_URL = "https://agentpartner.temu.com"


class Envelope(msgspec.Struct, gc=False):
    """The answer's outer object; `success` decides."""

    success: bool = False
    request_id: str | None = None
    error_code: int | None = None
    error_msg: str | None = None
    result: Any = None


class CamelEnvelope(Envelope, rename="camel", gc=False):
    """The same in the router's spelling."""

    success: bool = False
    request_id: str | None = None
    error_code: int | None = None
    error_msg: str | None = None
    result: Any = None


class Dialect(Protocol):
    """One way of speaking."""

    @property
    def envelope(self) -> type[Envelope]:
        """How an answer is wrapped."""

    def address(self, base: str, operation: str) -> str:
        """Where a request goes."""

    def body(self, operation: str, params: Mapping[str, object], credentials: Credentials, now: int) -> bytes:
        """A signed request; `now` is the gateway's epoch in seconds."""


class Router:
    """One address, the operation in the body, camelCase, MD5."""

    envelope: type[Envelope] = CamelEnvelope

    def address(self, base: str, operation: str) -> str:
        """The router itself."""
        del operation
        return base

    def body(self, operation: str, params: Mapping[str, object], credentials: Credentials, now: int) -> bytes:
        """Parameters beside the common ones (§3.2)."""
        body = {
            **params,
            "type": operation,
            "app_key": credentials.app_key,
            "access_token": credentials.access_token.get_secret_value(),
            "timestamp": now,
            "data_type": "JSON",
            "version": "V1",
        }
        body["sign"] = sign(body, credentials.app_secret.get_secret_value())
        return msgspec.json.encode(body)


class Rest:
    """A path per operation, snake_case, HMAC-SHA256."""

    envelope: type[Envelope] = Envelope

    def address(self, base: str, operation: str) -> str:
        """`operation` is a path."""
        return f"{base.rstrip('/')}{operation}"

    def body(self, operation: str, params: Mapping[str, object], credentials: Credentials, now: int) -> bytes:
        """Parameters beside the common ones; the operation is told by the path alone."""
        del operation
        body = {
            **params,
            "app_key": credentials.app_key,
            "access_token": credentials.access_token.get_secret_value(),
            "timestamp": now,
        }
        body["sign"] = sign_rest(body, credentials.app_secret.get_secret_value())
        return msgspec.json.encode(body)


_DIALECTS: Mapping[str, Dialect] = {"router": Router(), "rest": Rest()}


def dialect(name: str) -> Dialect:
    """The dialect of that name. ConfigurationError if there is none."""
    try:
        return _DIALECTS[name]
    except KeyError:
        raise ConfigurationError(
            f"dialect {name!r} is unknown", remedy=f"choose one of {', '.join(_DIALECTS)}"
        ) from None
