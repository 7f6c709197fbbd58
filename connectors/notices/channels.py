"""Chat groups and webhooks: the body each of them expects, its signature, and what counts as delivered.

Belongs here: one function per channel that turns a message into a request. Mail is `mail`. Secrets stay in the address
or in the signature; neither appears in errors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

import httpx

from connectors.errors import ConfigurationError, OmniError, TransientError
from connectors.notices.message import Message

TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True)
class Request:
    """What is posted: `body` is JSON."""

    url: str
    body: bytes
    headers: Mapping[str, str]


def webhook(url: str, secret: str, message: Message, now: datetime) -> Request:
    """A plain JSON document; `X-Omni-Signature` is the HMAC-SHA256 of `timestamp.body` in hexadecimal."""
    stamp = str(int(now.timestamp()))
    document = {"title": message.title, "lines": message.lines, "link": message.link}
    body = _json({**document, "files": [path.name for path in message.files], "sent_at": now.isoformat()})
    headers = {"X-Omni-Timestamp": stamp}
    if secret:
        headers["X-Omni-Signature"] = hmac.new(
            secret.encode(), stamp.encode() + b"." + body, hashlib.sha256
        ).hexdigest()
    return Request(url, body, headers)


def feishu(url: str, secret: str, message: Message, now: datetime) -> Request:
    """A custom bot of Feishu: seconds, and the HMAC of nothing keyed by `seconds\\nsecret`, inside the body."""
    content = [[{"tag": "text", "text": line}] for line in message.text.replace(message.link, "").splitlines() if line]
    if message.link:
        content.append([{"tag": "a", "text": "打开 Open", "href": message.link}])
    body: dict[str, object] = {
        "msg_type": "post",
        "content": {"post": {"zh_cn": {"title": message.title, "content": content}}},
    }
    if secret:
        stamp = str(int(now.timestamp()))
        digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
        body |= {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}
    return Request(url, _json(body), {})


def dingtalk(url: str, secret: str, message: Message, now: datetime) -> Request:
    """A custom bot of DingTalk: milliseconds, and the HMAC of `milliseconds\\nsecret`, in the address."""
    link = f"\n\n[打开 Open]({message.link})" if message.link else ""
    lines = "\n\n".join(line for line in message.text.replace(message.link, "").splitlines() if line)
    body = {
        "msgtype": "markdown",
        "markdown": {"title": message.title, "text": f"### {message.title}\n\n{lines}{link}"},
    }
    if not secret:
        return Request(url, _json(body), {})
    stamp = str(int(now.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    sign = quote(base64.b64encode(digest).decode(), safe="")
    return Request(f"{url}{'&' if '?' in url else '?'}timestamp={stamp}&sign={sign}", _json(body), {})


def wecom(url: str, _secret: str, message: Message, _now: datetime) -> Request:
    """A group bot of WeCom: the key in its address is all it asks for."""
    link = f"\n[打开 Open]({message.link})" if message.link else ""
    text = f"**{message.title}**\n{message.text.replace(message.link, '').rstrip()}{link}"
    return Request(url, _json({"msgtype": "markdown", "markdown": {"content": text}}), {})


CHANNELS: dict[str, Callable[[str, str, Message, datetime], Request]] = {
    "webhook": webhook,
    "feishu": feishu,
    "dingtalk": dingtalk,
    "wecom": wecom,
}
SIGNED = ("webhook", "feishu", "dingtalk")
"""Channels whose messages may carry a signature."""


def post(channel: str, url: str, secret: str, message: Message, now: datetime) -> None:
    """Send; returns when the other side said that it took the message.

    Raises:
        TransientError: no answer, or the server's own fault; try again later.
        ConfigurationError: refused: no or a wrong address, signature or keyword.
    """
    request = CHANNELS[channel](url, secret, message, now)
    headers = {"Content-Type": "application/json; charset=utf-8", **request.headers}
    try:
        answer = httpx.post(request.url, content=request.body, headers=headers, timeout=TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        raise TransientError(f"{channel} at {_host(url)}: {type(error).__name__}") from None
    except (httpx.InvalidURL, ValueError):  # their texts may show the address
        raise refused(channel, url, "that is no address") from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise TransientError(f"{channel} at {_host(url)} answered HTTP {answer.status_code}")
    problem = f"HTTP {answer.status_code}" if not answer.is_success else _refusal(channel, answer)
    if problem:
        raise refused(channel, url, problem)


def refused(channel: str, url: str, problem: str) -> OmniError:
    """The other side did not want the message."""
    return ConfigurationError(
        f"{channel} at {_host(url)} refused the message: {problem}",
        remedy="check address, signing secret and the bot's keyword list; then omni alerts recipients add …",
    )


def _refusal(channel: str, answer: httpx.Response) -> str:
    """Chat services answer 200 and say inside what went wrong."""
    if channel == "webhook":
        return ""
    try:
        body = answer.json()
    except ValueError:
        return "the answer is no JSON"
    if not isinstance(body, dict):
        return "the answer is no JSON object"
    code = body.get("errcode", body.get("code", body.get("StatusCode", 0)))
    return "" if code == 0 else f"{code} {body.get('errmsg') or body.get('msg') or ''}".strip()


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"
