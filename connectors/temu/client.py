"""One shop's conversation with its gateway: sign, send, open the envelope, retry within seconds.

Belongs here: transport, the envelope, the gateway's clock, seconds-scale retries. Does not belong here: paging, what a
result means, minutes-scale retries (the orchestrator's). Secrets never leave this module except inside a request body.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol, TypeVar, cast
from urllib.request import getproxies

import httpx
import msgspec
import stamina
import structlog
from pydantic import SecretStr

from connectors.errors import (
    ConfigurationError,
    PermanentError,
    ShopAuthError,
    StreamForbiddenError,
    ThrottledError,
    TransientError,
)
from connectors.temu import dialects
from connectors.temu.breaker import CircuitBreaker
from connectors.temu.dialects import Envelope
from connectors.temu.errors import ClockSkewError, DoubtfulError, NotReadyError, refusal
from connectors.temu.transport import LeanTransport

GATEWAYS: Mapping[str, str] = {
    "US": "https://openapi-b-us.temu.com/openapi/router",
    "EU": "https://openapi-b-eu.temu.com/openapi/router",
    "GLOBAL": "https://openapi-b-global.temu.com/openapi/router",
    "PARTNER": "https://openapi-b-partner.temu.com/openapi/router",
    "CN": "https://openapi.kuajingmaihuo.com/openapi/router",
}
"""Official routers by region (API reference §1); a shop's `gateway_url` overrides them."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Limiter(Protocol):
    """Whoever keeps the quota of an app key across shops and processes."""

    async def acquire(self) -> None:
        """Returns when one call may be sent."""

    async def penalise(self, seconds: float) -> None:
        """The platform said "too frequent": nobody of this app key calls for so long."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs a shop's requests; its repr shows no secret."""

    app_key: str
    app_secret: SecretStr = field(repr=False)
    access_token: SecretStr = field(repr=False)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Seconds-scale patience: attempts per call, waits between them and the rest when throttled, in seconds."""

    attempts: int = 6
    doubtful_attempts: int = 3
    wait_initial: float = 0.5
    wait_max: float = 20.0
    jitter: float = 1.0
    throttle_rest: float = 1.0


@cache
def _decoder_of(kind: Any, base: type[Envelope]) -> msgspec.json.Decoder[Envelope]:
    """For an envelope around `kind`, or around nothing."""
    result = ("result", kind, msgspec.Raw(b"null")) if kind is msgspec.Raw else ("result", kind | None, None)
    answer = msgspec.defstruct("Answer", [result], bases=(base,), gc=False)
    return msgspec.json.Decoder(cast("type[Envelope]", answer))


class TemuClient:
    """Calls operations of one shop. `http` is shared by all shops; `calls` counts what was sent, retries included."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        shop: str,
        gateway: str,
        gateway_url: str | None,
        credentials: Credentials,
        limiter: Limiter,
        dialect: str = "router",
        in_flight: int = 8,
        retries: RetryPolicy | None = None,
        local_time: Callable[[], float] = time.time,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self.shop = shop
        self.gateway = gateway
        self.calls = 0
        self._http = http
        self.dialect = dialect
        self._speech = dialects.dialect(dialect)
        self._url = gateway_url or (dialects.REST_URL if dialect == "rest" else official_url(gateway))
        self._credentials = credentials
        self._limiter = limiter
        self._slots = asyncio.Semaphore(in_flight)
        self._retries = retries or RetryPolicy()
        self._local_time = local_time
        self._breaker = breaker
        self._ahead = 0.0

    def __repr__(self) -> str:
        return f"TemuClient({self.shop!r}, {self._url!r})"

    def now(self) -> datetime:
        """The gateway's clock in UTC, whole seconds: the local clock corrected by the last `Date` header."""
        return datetime.fromtimestamp(int(self._local_time() + self._ahead), UTC)

    async def call(self, api_type: str, params: Mapping[str, object] | None = None) -> bytes:
        """The `result` of an operation as JSON bytes, `null` if it has none. Errors as in `ask`."""
        return bytes(await self.ask(api_type, params, msgspec.Raw) or b"null")

    async def ask(self, api_type: str, params: Mapping[str, object] | None, kind: type[T]) -> T | None:
        """The `result` of an operation as a msgspec type, decoded in the same pass as the envelope.

        Raises a class of `connectors.errors` (or `temu.errors`) that says what to do; transient trouble was already
        retried with back-off, a clock skew once after learning the gateway's clock. After several calls in a row that
        failed all the same, ShopSuspendedError is raised without calling.
        """
        if self._breaker is None:
            return await self._patiently(api_type, params or {}, kind)
        with self._breaker.call():
            return await self._patiently(api_type, params or {}, kind)

    async def _patiently(self, api_type: str, params: Mapping[str, object], kind: type[T]) -> T | None:
        policy = self._retries
        async for attempt in stamina.retry_context(
            on=_worth_seconds,
            attempts=policy.attempts,
            timeout=None,
            wait_initial=policy.wait_initial,
            wait_max=policy.wait_max,
            wait_jitter=policy.jitter,
        ):
            with attempt:
                try:
                    return await self._in_time(api_type, params, kind)
                except ThrottledError:
                    await self._limiter.penalise(policy.throttle_rest * 2 ** (attempt.num - 1))
                    raise
                except DoubtfulError as error:
                    error.is_given_up = attempt.num >= policy.doubtful_attempts
                    raise
        raise AssertionError("the retry loop either returns or raises")

    async def download(self, url: str, what: str) -> bytes:
        """A file that an answer named, whole. Its address opens it for anybody, so no message repeats it."""
        await self._limiter.acquire()
        self.calls += 1
        try:
            response = await self._http.get(url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TransientError(f"{what}: the file cannot be fetched ({type(error).__name__})") from None
        if response.status_code != 200:
            raise TransientError(f"{what}: its address answered HTTP {response.status_code}, it may have expired")
        return response.content

    async def _in_time(self, api_type: str, params: Mapping[str, object], kind: type[T]) -> T | None:
        """Sent once more when the gateway finds our timestamp wrong: its answer has taught us its clock."""
        try:
            return await self._send(api_type, params, kind)
        except ClockSkewError:
            return await self._send(api_type, params, kind)

    async def _send(self, api_type: str, params: Mapping[str, object], kind: type[T]) -> T | None:
        async with self._slots:
            await self._limiter.acquire()
            self.calls += 1
            where = f"shop {self.shop}, {api_type}: the gateway"
            sent_at = self.now()
            body = self._speech.body(api_type, params, self._credentials, int(sent_at.timestamp()))
            response = await self._post(self._speech.address(self._url, api_type), body, where)
        self._learn_clock(response)
        if response.status_code == 401 and abs((self.now() - sent_at).total_seconds()) > _ODD_CLOCK:
            raise ClockSkewError(f"{where} answered HTTP 401, and its clock is not ours")
        return self._open(response, where, kind)

    async def _post(self, address: str, body: bytes, where: str) -> httpx.Response:
        # `from None`: the transport's exception holds the request and with it the token.
        try:
            return await self._http.post(address, content=body, headers=_HEADERS)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise ConfigurationError(f"{where} has no usable address: {self._clean(str(error))}") from None
        except httpx.TimeoutException as error:
            raise TransientError(f"{where} did not answer in time ({type(error).__name__})") from None
        except httpx.TransportError as error:
            reason = self._clean(str(error)) or type(error).__name__
            raise TransientError(f"{where} cannot be reached at {self._url}: {reason}", remedy=_UNREACHABLE) from None

    def _learn_clock(self, response: httpx.Response) -> None:
        """§6 wants our timestamp within 300 s of the server's; a missing or odd header leaves what we knew."""
        try:
            server = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        self._ahead = server - self._local_time()

    def _open(self, response: httpx.Response, where: str, kind: type[T]) -> T | None:
        _refuse_status(response.status_code, where)
        try:
            envelope = _decoder_of(cast("Any", kind), self._speech.envelope).decode(response.content)
        except msgspec.ValidationError as error:
            if kind is msgspec.Raw:
                raise self._not_an_envelope(response, where) from None
            self._open(response, where, msgspec.Raw)  # a refusal explains itself better
            raise PermanentError(f"{where} sent a result of another shape: {error}", remedy=_CHANGED) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._not_an_envelope(response, where) from None
        log.debug("temu call", shop=self.shop, where=where, request_id=envelope.request_id, ok=envelope.success)
        if envelope.success:
            return cast("T | None", envelope.result)
        text = self._clean(envelope.error_msg or "")
        named = f"{where} (request {envelope.request_id})"
        raise refusal(envelope.error_code, text, where=named, gateway=self.gateway)

    def _not_an_envelope(self, response: httpx.Response, where: str) -> TransientError:
        excerpt = self._clean(response.text[:120])
        return TransientError(f"{where} sent something that is not its JSON envelope: {excerpt!r}")

    def _clean(self, text: str) -> str:
        """Text of the other side, free of our secrets should it echo them."""
        for secret in (self._credentials.app_secret, self._credentials.access_token):
            text = text.replace(secret.get_secret_value(), "***")
        return text


_ODD_CLOCK = 240
"""Seconds between our clock and the gateway's that may well be the reason of a refusal."""
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_REFUSED = "compare app key, secret and token with the developer console, then `omni shops add` again"
_CHANGED = "the platform changed this operation: report it with the request id"
_UNREACHABLE = "check network and gateway address of this shop; the next run continues where this one stopped"


def official_url(gateway: str) -> str:
    """The platform's router for a gateway."""
    try:
        return GATEWAYS[gateway]
    except KeyError:
        raise ConfigurationError(
            f"gateway {gateway!r} is unknown", remedy=f"use one of {', '.join(GATEWAYS)} or set gateway_url"
        ) from None


def build_http(*, timeout_seconds: float, proxy: str | None = None) -> httpx.AsyncClient:
    """The connections that all shops of a process share; close it when done. `proxy` wins over the environment's.

    ValueError for a proxy that is no http(s) address.
    """
    if proxy:
        if httpx.URL(proxy).scheme not in ("http", "https") or not httpx.URL(proxy).host:
            raise ValueError("not an http(s) address")
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60.0)
        return httpx.AsyncClient(timeout=timeout_seconds, proxy=proxy, limits=limits, trust_env=False)
    if getproxies():
        return httpx.AsyncClient(timeout=timeout_seconds)
    return httpx.AsyncClient(timeout=timeout_seconds, transport=LeanTransport())


def _worth_seconds(error: Exception) -> bool:
    """Trouble that may be gone in seconds; a record still being computed or a wrong clock is not."""
    if isinstance(error, DoubtfulError) and error.is_given_up:
        return False
    return isinstance(error, TransientError) and not isinstance(error, (ClockSkewError, NotReadyError))


def _refuse_status(status: int, where: str) -> None:
    """HTTP is 200 for everything the gateway itself says (§3.4); the rest comes from the edge in front of it."""
    if status == 200:
        return
    if status == 401:
        raise ShopAuthError(f"{where} answered HTTP 401: app key, signature or token is refused", remedy=_REFUSED)
    if status == 403:
        raise StreamForbiddenError(f"{where} answered HTTP 403: the token may not call this operation")
    if status == 429:
        raise ThrottledError(f"{where} answered HTTP 429")
    if status >= 500 or status == 408:
        raise TransientError(f"{where} answered HTTP {status}")
    raise PermanentError(f"{where} answered HTTP {status}", remedy="check the shop's gateway address")
