"""The client: what is sent, how answers are opened, what is tried again, and what never shows."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
from pydantic import SecretStr

from connectors.errors import (
    AppError,
    ConfigurationError,
    PermanentError,
    ShopAuthError,
    ShopSuspendedError,
    StreamForbiddenError,
    ThrottledError,
    TransientError,
)
from connectors.temu.breaker import CircuitBreaker
from connectors.temu.client import Credentials, TemuClient
from connectors.temu.errors import ROUTER, ClockSkewError, DoubtfulError, NotReadyError
from connectors.temu.patience import RetryPolicy
from connectors.temu.signing import sign
from connectors.temu.transport import build_http

SECRET, TOKEN = "app-secret-0123456789", "access-token-0123456789"
URL = "http://gateway.test/US/openapi/router"
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
AT_DATE = 1767225600.0
NO_WAIT = RetryPolicy(attempts=4, wait_initial=0, wait_max=0, jitter=0, throttle_rest=0.25)


class FreeQuota:
    """A limiter that never waits and notes its penalties."""

    def __init__(self) -> None:
        self.acquired = 0
        self.penalties: list[float] = []

    async def acquire(self) -> None:
        self.acquired += 1

    async def penalise(self, seconds: float) -> None:
        self.penalties.append(seconds)


def _client(answer: Callable[[httpx.Request], httpx.Response], **more: object) -> TemuClient:
    options = {
        "shop": "Acme US",
        "gateway": "US",
        "gateway_url": URL,
        "credentials": Credentials("key-1", SecretStr(SECRET), SecretStr(TOKEN)),
        "limiter": FreeQuota(),
        "retries": NO_WAIT,
        "local_time": lambda: AT_DATE,
        **more,
    }
    return TemuClient(httpx.AsyncClient(transport=httpx.MockTransport(answer)), **options)


def _ok(result: object = None) -> httpx.Response:
    body = {"success": True, "requestId": "us-1", "errorCode": 1000000, "errorMsg": "", "result": result}
    return httpx.Response(200, json=body, headers={"Date": DATE})


def _refused(code: int, text: str = "no") -> httpx.Response:
    body = {"success": False, "requestId": "us-2", "errorCode": code, "errorMsg": text}
    return httpx.Response(200, json=body, headers={"Date": DATE})


def _in_turn(*responses: httpx.Response | Exception) -> Callable[[httpx.Request], httpx.Response]:
    left = list(responses)

    def answer(_request: httpx.Request) -> httpx.Response:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Exception):
            raise now
        return now

    return answer


async def test_parameters_travel_at_the_top_level_and_signed() -> None:
    seen: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content))
        assert SECRET not in str(request.url) + request.content.decode()
        return _ok({"n": 1})

    assert bytes(await _client(answer).call("bg.x", {"pageNumber": 1, "all": True})) == b'{"n":1}'
    [body] = seen
    assert body["type"] == "bg.x"
    assert body["data_type"] == "JSON"
    assert body["timestamp"] == int(AT_DATE)
    assert body["sign"] == sign(body, SECRET)


async def test_the_result_keeps_its_bytes() -> None:
    raw = b'{"success":true,"result":{ "price": 1.10, "big":12345678901234567890 }}'
    answer = bytes(await _client(lambda _: httpx.Response(200, content=raw)).call("bg.x"))
    assert answer == b'{ "price": 1.10, "big":12345678901234567890 }'


async def test_a_result_of_another_shape_is_a_change_of_the_platform() -> None:
    client = _client(_in_turn(_ok([1, 2])))
    with pytest.raises(PermanentError, match="another shape"):
        await client.ask("bg.x", None, dict)
    assert client.calls == 1


async def test_a_refusal_is_understood_whatever_its_result_looks_like() -> None:
    body = {"success": False, "errorCode": 3000034, "errorMsg": "expired", "result": "odd"}
    with pytest.raises(ShopAuthError):
        await _client(lambda _: httpx.Response(200, json=body)).ask("bg.x", None, dict)


async def test_a_missing_result_is_null() -> None:
    assert bytes(await _client(lambda _: httpx.Response(200, content=b'{"success":true}')).call("bg.x")) == b"null"


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(502, text="<html>bad gateway</html>"),
        httpx.Response(200, text="<html>maintenance</html>"),
        httpx.Response(200, content=b'{"success":true,"result":{"pageItems":[{"par'),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, content=b'{"success":true,"result":' + b"[" * 3000 + b"]" * 3000 + b"}"),
        _refused(4000000),
        _refused(7000000),
    ],
    ids=["refused", "timeout", "cut", "502", "html", "truncated", "not utf-8", "too deep", "busy", "service"],
)
async def test_trouble_that_may_pass_is_tried_again(trouble: httpx.Response | Exception) -> None:
    client = _client(_in_turn(trouble, trouble, _ok(5)))
    assert bytes(await client.call("bg.x")) == b"5"
    assert client.calls == 3


async def test_after_the_last_attempt_the_error_names_shop_operation_and_remedy() -> None:
    with pytest.raises(TransientError) as caught:
        await _client(_in_turn(httpx.ConnectError("connection refused"))).call("bg.x")
    assert "Acme US" in str(caught.value)
    assert "bg.x" in str(caught.value)
    assert "gateway address" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (3000001, AppError),
        (3000034, ShopAuthError),
        (3000032, StreamForbiddenError),
        (3000000, PermanentError),
        (140020008, NotReadyError),
    ],
)
async def test_what_seconds_cannot_heal_is_asked_once(code: int, error: type[Exception]) -> None:
    client = _client(_in_turn(_refused(code)))
    with pytest.raises(error, match="us-2"):
        await client.call("bg.x")
    assert client.calls == 1


async def test_too_frequent_requests_slow_the_whole_app_key_and_are_repeated() -> None:
    quota = FreeQuota()
    client = _client(_in_turn(_refused(4000004), httpx.Response(429), _ok(1)), limiter=quota)
    assert bytes(await client.call("bg.x")) == b"1"
    assert quota.penalties == [0.25, 0.5]
    assert quota.acquired == 3


async def test_a_quota_that_never_frees_ends_as_throttled() -> None:
    with pytest.raises(ThrottledError, match="Acme US"):
        await _client(_in_turn(_refused(4000004))).call("bg.x")


async def test_the_gateways_clock_is_learnt_and_used() -> None:
    stamps: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        stamps.append(json.loads(request.content)["timestamp"])
        return _ok() if len(stamps) > 1 else _refused(3000012)

    client = _client(answer, local_time=lambda: AT_DATE - 3600.0)
    await client.call("bg.x")
    assert stamps == [int(AT_DATE) - 3600, int(AT_DATE)]
    assert client.now().timestamp() == AT_DATE


async def test_a_clock_that_stays_wrong_is_not_asked_for_ever() -> None:
    client = _client(_in_turn(_refused(3000011)))
    with pytest.raises(ClockSkewError):
        await client.call("bg.x")
    assert client.calls == 2


async def test_secrets_show_nowhere() -> None:
    echo = f"bad sign for {SECRET} and {TOKEN}"
    client = _client(_in_turn(_refused(3000001, echo)))
    with pytest.raises(AppError) as caught:
        await client.call("bg.x")
    html = _client(_in_turn(httpx.Response(200, text=f"<html>{TOKEN}</html>")))
    with pytest.raises(TransientError) as also:
        await html.call("bg.x")
    shown = [str(caught.value), repr(caught.value), str(also.value), repr(client), repr(client._credentials)]
    for text in shown:
        assert SECRET not in text
        assert TOKEN not in text


async def test_a_transport_error_does_not_carry_the_request_along() -> None:
    with pytest.raises(TransientError) as caught:
        await _client(_in_turn(httpx.ConnectError("refused"))).call("bg.x")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_an_address_that_is_no_gateway_is_permanent() -> None:
    with pytest.raises(PermanentError, match="gateway address"):
        await _client(lambda _: httpx.Response(404)).call("bg.x")


async def test_an_address_without_protocol_is_a_mistake_of_configuration() -> None:
    http = build_http(timeout_seconds=1)
    client = _client(lambda _: _ok(), gateway_url="gateway.test/router")
    client._http = http
    with pytest.raises(ConfigurationError, match="Acme US"):
        await client.call("bg.x")
    await http.aclose()


def test_an_unknown_gateway_is_a_mistake_of_configuration() -> None:
    with pytest.raises(ConfigurationError, match="MARS"):
        _client(lambda _: _ok(), gateway="MARS", gateway_url=None)


async def test_no_more_calls_are_in_flight_than_allowed() -> None:
    import asyncio

    flying, most = 0, 0

    async def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0)
        flying -= 1
        return _ok()

    client = _client(lambda _: _ok(), in_flight=3)
    client._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    await asyncio.gather(*(client.call("bg.x") for _ in range(20)))
    assert most == 3


@pytest.mark.parametrize("code", [code for code, found in ROUTER.items() if issubclass(found.error, PermanentError)])
async def test_what_is_permanent_is_asked_for_once_and_says_what_to_do(code: int) -> None:
    client = _client(lambda _: _refused(code))
    with pytest.raises(PermanentError) as caught:
        await client.call("bg.x")
    assert client.calls == 1
    assert caught.value.remedy
    assert "Acme US" in str(caught.value)


@pytest.mark.parametrize("code", [2000000, 6000001])
async def test_what_may_or_may_not_pass_is_tried_a_few_times_only(code: int) -> None:
    client = _client(lambda _: _refused(code))
    with pytest.raises(DoubtfulError):
        await client.call("bg.x")
    assert client.calls == NO_WAIT.doubtful_attempts < NO_WAIT.attempts


async def test_a_call_that_is_throttled_after_learning_the_clock_still_slows_the_app_key() -> None:
    quota = FreeQuota()
    answers = _in_turn(_refused(3000012), _refused(4000004), _ok(1))
    assert bytes(await _client(answers, limiter=quota).call("bg.x")) == b"1"
    assert quota.penalties == [NO_WAIT.throttle_rest]


async def test_after_some_calls_in_a_row_failed_the_shop_is_left_alone_and_then_tried_by_one_call() -> None:
    now = [0.0]
    breaker = CircuitBreaker("Acme US", failures=2, rest_seconds=60, clock=lambda: now[0])
    answers = [httpx.Response(502)]
    client = _client(lambda _: answers[0], breaker=breaker, retries=RetryPolicy(attempts=1))
    for _ in range(2):
        with pytest.raises(TransientError, match="502"):
            await client.call("bg.x")
    with pytest.raises(ShopSuspendedError, match="Acme US waits: 2 calls in a row failed"):
        await client.call("bg.x")
    assert client.calls == 2
    now[0], answers[0] = 61.0, _ok(1)
    assert bytes(await client.call("bg.x")) == b"1"
    assert not breaker.is_open


async def test_a_file_whose_connection_breaks_is_fetched_again() -> None:
    client = _client(_in_turn(httpx.ReadError("reset"), httpx.Response(503), httpx.Response(200, content=b"a,b")))
    assert await client.download("http://files.test/secret-address", "statement of May") == b"a,b"
    assert client.retries == 2


async def test_a_file_that_never_comes_is_told_without_its_address() -> None:
    with pytest.raises(TransientError, match="statement of May") as caught:
        await _client(_in_turn(httpx.Response(404))).download("http://files.test/secret-address", "statement of May")
    assert "secret-address" not in str(caught.value)


async def test_waits_between_tries_double_and_are_shaken(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("asyncio.sleep", sleep)
    patient = RetryPolicy(attempts=5, wait_initial=1, wait_max=100, jitter=0.5, throttle_rest=0)
    for _ in range(2):
        with pytest.raises(TransientError):
            await _client(_in_turn(httpx.ConnectError("down")), retries=patient).ask("x.y", None, object)
    first, second = waits[:4], waits[4:]
    assert len(first) == len(second) == 4
    assert all(base <= wait <= base + 0.5 for base, wait in zip((1, 2, 4, 8), first, strict=True))
    assert first != second
