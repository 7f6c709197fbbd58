"""One shop's conversation with its gateway: sign, send, open the envelope, retry within seconds.

Belongs here: transport, the envelope, the gateway's clock, seconds-scale retries. Does not belong here: paging, what a
result means, minutes-scale retries (the orchestrator's). Secrets never leave this module except inside a request body.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol, TypeVar, cast

import httpx
import msgspec
import stamina
import structlog
from pydantic import SecretStr

from connectors.calls import Call, CallCounts
from connectors.errors import ConfigurationError, PermanentError, ThrottledError, TransientError
from connectors.temu import dialects
from connectors.temu.breaker import CircuitBreaker
from connectors.temu.dialects import Envelope
from connectors.temu.errors import ClockSkewError, DoubtfulError, NotReadyError, refusal, refuse_status
from connectors.temu.patience import RetryPolicy
from connectors.temu.privacy import UNREADABLE

GATEWAYS: Mapping[str, str] = {
    "US": "https://openapi-b-us.temu.com/openapi/router",
    "EU": "https://openapi-b-eu.temu.com/openapi/router",
    "GLOBAL": "https://openapi-b-global.temu.com/openapi/router",
    "PARTNER": "https://openapi-b-partner.temu.com/openapi/router",
    "CN": "https://openapi.kuajingmaihuo.com/openapi/router",
}
"""Official routers by region (API reference §1); a shop's `gateway_url` overrides them."""

T = TypeVar("T")
R = TypeVar("R")
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

    @property
    def app(self) -> tuple[str, SecretStr]:
        """Key and secret: what shops of one app have in common, and what may be mistyped in one of them."""
        return self.app_key, self.app_secret


@cache
def _decoder_of(kind: Any, base: type[Envelope]) -> msgspec.json.Decoder[Envelope]:
    """For an envelope around `kind`, or around nothing."""
    result = ("result", kind, msgspec.Raw(b"null")) if kind is msgspec.Raw else ("result", kind | None, None)
    answer = msgspec.defstruct("Answer", [result], bases=(base,), gc=False)
    return msgspec.json.Decoder(cast("type[Envelope]", answer))


class TemuClient:
    """Calls operations of one shop. `http` is shared by all shops.

    `calls` counts what was sent, `retries` what of it repeated an earlier call; `counts` says what all were like.
    """

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
        self.retries = 0
        self.counts = CallCounts()
        self._http = http
        self.dialect = dialect
        self._speech = dialects.dialect(dialect)
        self._url = gateway_url or (dialects.REST_URL if dialect == "rest" else official_url(gateway))
        self.app = credentials.app
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
        return await self._patiently(lambda: self._in_time(api_type, params or {}, kind))

    async def _patiently(self, call: Callable[[], Awaitable[R]]) -> R:
        with self._breaker.call() if self._breaker else nullcontext():
            return await self._repeated(call)

    async def _repeated(self, call: Callable[[], Awaitable[R]]) -> R:
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
                self.retries += attempt.num > 1
                try:
                    return await call()
                except ThrottledError:
                    await self._limiter.penalise(policy.throttle_rest * 2 ** (attempt.num - 1))
                    raise
                except DoubtfulError as error:
                    error.is_given_up = attempt.num >= policy.doubtful_attempts
                    raise
        raise AssertionError("the retry loop either returns or raises")

    async def download(self, url: str, what: str) -> bytes:
        """A file that an answer named, whole. Its address opens it for anybody, so no message repeats it."""
        return await self._patiently(lambda: self._download(url, what))

    async def _download(self, url: str, what: str) -> bytes:
        call = Call(DOWNLOAD)
        await self._limiter.acquire()
        try:
            with self._sending(call):
                response = await self._http.get(url)
            call.code, call.is_well = f"http {response.status_code}", response.status_code == 200
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TransientError(f"{what}: the file cannot be fetched ({type(error).__name__})") from None
        finally:
            self._tell(call)
        if response.status_code != 200:
            raise TransientError(f"{what}: its address answered HTTP {response.status_code}, it may have expired")
        return response.content

    async def _in_time(self, api_type: str, params: Mapping[str, object], kind: type[T]) -> T | None:
        """Sent once more when the gateway finds our timestamp wrong: its answer has taught us its clock."""
        try:
            return await self._send(api_type, params, kind)
        except ClockSkewError:
            self.retries += 1
            return await self._send(api_type, params, kind)

    async def _send(self, api_type: str, params: Mapping[str, object], kind: type[T]) -> T | None:
        call, where = Call(api_type), f"shop {self.shop}, {api_type}: the gateway"
        try:
            async with self._slots:
                await self._limiter.acquire()
                sent_at = self.now()
                body = self._speech.body(api_type, params, self._credentials, int(sent_at.timestamp()))
                response = await self._post(call, self._speech.address(self._url, api_type), body, where)
            self._learn_clock(response)
            if response.status_code == 401 and abs((self.now() - sent_at).total_seconds()) > _ODD_CLOCK:
                call.code = "http 401"
                raise ClockSkewError(f"{where} answered HTTP 401, and its clock is not ours")
            return self._open(response, call, where, kind)
        finally:
            self._tell(call)

    @contextmanager
    def _sending(self, call: Call) -> Iterator[None]:
        self.calls += 1
        with call.sent():
            yield

    def _tell(self, call: Call) -> None:
        """One line and one count for each call that was sent, however it ended; what went well is told at debug."""
        if call.seconds is None:
            return
        self.counts.add(call)
        told = {"request_id": call.request_id, "code": call.code, "latency_ms": round(call.seconds * 1000, 1)}
        tell = log.debug if call.is_well else log.info
        tell("temu call", shop=self.shop, api_type=call.api_type, **told)

    async def _post(self, call: Call, address: str, body: bytes, where: str) -> httpx.Response:
        # `from None`: the transport's exception holds the request and with it the token.
        try:
            with self._sending(call):
                return await self._http.post(address, content=body, headers=_HEADERS)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            call.code = "no address"
            raise ConfigurationError(f"{where} has no usable address: {self._clean(str(error))}") from None
        except httpx.TimeoutException as error:
            call.code = "timeout"
            raise TransientError(f"{where} did not answer in time ({type(error).__name__})") from None
        except httpx.TransportError as error:
            call.code = "unreachable"
            reason = self._clean(str(error)) or type(error).__name__
            raise TransientError(f"{where} cannot be reached at {self._url}: {reason}", remedy=_UNREACHABLE) from None

    def _learn_clock(self, response: httpx.Response) -> None:
        """§6 wants our timestamp within 300 s of the server's; a missing or odd header leaves what we knew."""
        try:
            server = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        self._ahead = server - self._local_time()

    def _open(self, response: httpx.Response, call: Call, where: str, kind: type[T]) -> T | None:
        call.code = f"http {response.status_code}" if response.status_code != 200 else "malformed"
        refuse_status(response.status_code, where)
        try:
            envelope = _decoder_of(cast("Any", kind), self._speech.envelope).decode(response.content)
        except msgspec.ValidationError as error:
            if kind is msgspec.Raw:
                raise self._not_an_envelope(response, where) from None
            self._open(response, call, where, msgspec.Raw)  # a refusal explains itself better
            call.code = "other shape"
            raise PermanentError(f"{where} sent a result of another shape: {error}", remedy=_CHANGED) from None
        except UNREADABLE:
            raise self._not_an_envelope(response, where) from None
        call.request_id = envelope.request_id
        call.code = str(envelope.error_code or ("success" if envelope.success else "refused"))
        call.is_well = envelope.success
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


DOWNLOAD = "file download"
"""What a fetched file is called among the operations."""
_ODD_CLOCK = 240
"""Seconds between our clock and the gateway's that may well be the reason of a refusal."""
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
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


def _worth_seconds(error: Exception) -> bool:
    """Trouble that may be gone in seconds; a record still being computed or a wrong clock is not."""
    if isinstance(error, DoubtfulError) and error.is_given_up:
        return False
    return isinstance(error, TransientError) and not isinstance(error, (ClockSkewError, NotReadyError))
