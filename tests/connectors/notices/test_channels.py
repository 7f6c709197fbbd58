"""Every channel against a receiver that checks body and signature as that service documents them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.errors import ConfigurationError, OmniError, TransientError
from connectors.notices.channels import CHANNELS, post
from connectors.notices.message import Message
from tests.connectors.notices.receivers import ChatService, chat_service

NOW = datetime(2026, 3, 1, 4, 0, 0, 123000, tzinfo=UTC)
SECRET = "s3cret"
MESSAGE = Message("⚠ 覆盖率 · Coverage", ("数值 Value: 3",), "http://omni.example/superset/dashboard/gmv/")


@pytest.fixture
def service() -> Iterator[ChatService]:
    with chat_service() as one:
        yield one


@pytest.mark.parametrize("channel", CHANNELS)
def test_title_lines_link_and_names_of_files_arrive(channel: str, service: ChatService) -> None:
    message = Message(MESSAGE.title, MESSAGE.lines, MESSAGE.link, (Path("bill-pack-2026-02.xlsx"),))
    post(channel, service.url, SECRET, message, NOW)
    [received] = service.received
    text = received.body.decode()
    for expected in ("覆盖率 · Coverage", "数值 Value: 3", MESSAGE.link, "bill-pack-2026-02.xlsx"):
        assert expected in text


def test_a_webhook_is_signed_over_time_and_body(service: ChatService) -> None:
    post("webhook", service.url, SECRET, MESSAGE, NOW)
    [received] = service.received
    stamp = received.headers["X-Omni-Timestamp"]
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + received.body, hashlib.sha256).hexdigest()
    assert stamp == str(int(NOW.timestamp()))
    assert received.headers["X-Omni-Signature"] == expected


def test_feishu_is_signed_with_seconds_in_the_body_and_an_empty_message(service: ChatService) -> None:
    post("feishu", service.url, SECRET, MESSAGE, NOW)
    body = service.received[0].json
    expected = hmac.new(f"{body['timestamp']}\n{SECRET}".encode(), digestmod=hashlib.sha256).digest()
    assert body["timestamp"] == str(int(NOW.timestamp()))
    assert base64.b64decode(body["sign"]) == expected
    assert body["msg_type"] == "post"


def test_dingtalk_is_signed_with_milliseconds_in_the_address(service: ChatService) -> None:
    post("dingtalk", f"{service.url}?access_token=t", SECRET, MESSAGE, NOW)
    query = parse_qs(urlsplit(service.received[0].path).query)
    [stamp] = query["timestamp"]
    expected = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert stamp == str(round(NOW.timestamp() * 1000))
    assert base64.b64decode(query["sign"][0]) == expected
    assert query["access_token"] == ["t"]


def test_wecom_needs_only_the_key_of_its_address(service: ChatService) -> None:
    post("wecom", f"{service.url}?key=k", "", MESSAGE, NOW)
    assert service.received[0].path.endswith("?key=k")
    assert service.received[0].json["msgtype"] == "markdown"


@pytest.mark.parametrize(
    ("channel", "answer"),
    [
        ("feishu", {"code": 19021, "msg": "sign match fail"}),
        ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}),
        ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}),
    ],
)
def test_a_refusal_inside_an_answer_200_is_an_error_without_the_address(
    channel: str, answer: dict[str, object], service: ChatService
) -> None:
    service.answer = answer
    with pytest.raises(ConfigurationError) as caught:
        post(channel, f"{service.url}?key=hidden", SECRET, MESSAGE, NOW)
    assert str(answer.get("msg") or answer.get("errmsg")) in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_answer_that_is_no_object_is_a_refusal(service: ChatService) -> None:
    service.answer = ["ok"]
    with pytest.raises(ConfigurationError, match="no JSON object"):
        post("wecom", service.url, "", MESSAGE, NOW)


@pytest.mark.parametrize(
    "url", ["https://[bot/hidden", "https://bot.example:port/hidden", "https://bot.example/hid\x00den"]
)
def test_an_address_that_is_none_is_an_error_without_the_address(url: str) -> None:
    with pytest.raises(OmniError) as caught:
        post("webhook", url, "", MESSAGE, NOW)
    assert "hid" not in str(caught.value)


@pytest.mark.parametrize(("status", "error"), [(500, TransientError), (429, TransientError), (404, ConfigurationError)])
def test_a_busy_server_may_be_asked_again_and_a_wrong_address_may_not(
    status: int, error: type[Exception], service: ChatService
) -> None:
    service.status = status
    with pytest.raises(error):
        post("webhook", service.url, "", MESSAGE, NOW)


def test_nobody_there_is_transient() -> None:
    with pytest.raises(TransientError):
        post("webhook", "http://127.0.0.1:9/", "", MESSAGE, NOW)
