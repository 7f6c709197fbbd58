"""Events that the platform pushes: is one authentic, and what does it say? API reference §16; the old dialect: §17.

Belongs here: signature, decryption and the fields of each event, as pure functions of bytes.
Does not belong here: HTTP, which secrets are in force, what happens because of an event.
From a REPL: `open_delivery(Delivery(app_key=…, …), [SecretStr("…")])`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import SecretStr

from connectors.errors import PermanentError

ORDER_STATUS = "bg_order_status_change_event"
ADDRESS_CHANGED = "bg_trade_logistics_address_changed"
AFTER_SALES = "bg_aftersales_status_change"
CANCELLATION = "bg_cancel_order_status_change"
TEST_EVENT = "bg_open_event_test"

AHEAD = timedelta(minutes=10)
"""How far a sender's clock may run ahead of ours."""

_BLOCK = 16
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n")


class MalformedDeliveryError(PermanentError):
    """The request is no event: a header or the body is not what the platform sends."""


class UnverifiedDeliveryError(PermanentError):
    """Nobody who knows one of the app's secrets signed this, or it is far too old. Said alike for every cause."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One pushed request. `timestamp` is the sender's, in milliseconds, as text; `event_data` is the Base64 text."""

    app_key: str
    event_code: str
    timestamp: str
    signature: str
    event_data: str
    ext_param: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What an event says. `key` is the record that it is about, `updated_at` (UTC) that record's time; `mall_id` names
    the shop. Everything but the code may be absent; `data` is the whole message.
    """

    code: str
    key: str | None = None
    status: int | None = None
    updated_at: datetime | None = None
    mall_id: int | None = None
    parent_order_sn: str | None = None
    case_sn: str | None = None
    sent_at: datetime
    data: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @property
    def id(self) -> str:
        """The same for every delivery of the same change (§16.4): event, key, status, update time, and the shop.

        An event without an update time is told apart by when it was sent; reading an order again does no harm.
        """
        at = self.updated_at or self.sent_at
        parts = [self.code, self.mall_id, self.key, self.status, round(at.timestamp() * 1000)]
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def open_delivery(delivery: Delivery, secrets: Sequence[SecretStr], *, ampersand: bool = False) -> Event:
    """Decrypt and verify with whichever of the app's `secrets` fits (§16.2, §16.3).

    `ampersand` also accepts the `key=value&…` form of the platform's prose, which no observed sender uses.
    Raises UnverifiedDeliveryError, and MalformedDeliveryError for what cannot be an event whoever signed it.
    """
    sent_at = sent_time(delivery.timestamp)
    sealed = _from_base64(delivery.event_data)
    for secret in secrets:
        plain = _decrypted(sealed, secret)
        if plain is not None and _is_signed(delivery, plain, secret, ampersand=ampersand):
            return read_event(delivery.event_code, message_in(plain), sent_at)
    raise UnverifiedDeliveryError("no active secret of this app key fits", remedy=_SECRET_REMEDY)


_SECRET_REMEDY = (
    "store the app's present secret with `omni shops update SHOP --new-secret`; the former one stays valid for a while"  # noqa: S105
)


def open_seed_delivery(body: bytes, signature: str, secret: SecretStr, mall_id: int) -> Event:
    """An event of the seed dialect (§17): clear JSON, one header. The dialect defines no algorithm; ours is the
    HMAC-SHA256 of the body in hexadecimal, upper or lower case. It names no shop, so `mall_id` does.

    Raises UnverifiedDeliveryError or MalformedDeliveryError.
    """
    expected = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest()
    if not _same(signature, expected):
        raise UnverifiedDeliveryError("the signature does not fit", remedy="compare OMNI_WEBHOOK_SEED_SECRET")
    message = message_in(body)
    code, data, sent = message.get("event_type"), message.get("data"), message.get("timestamp")
    if not isinstance(code, str) or not isinstance(data, dict) or isinstance(sent, bool) or not isinstance(sent, int):
        raise MalformedDeliveryError("event_type, data and timestamp are expected")
    renamed = {"mallId": mall_id, "parentOrderSn": data.get("order_sn"), "orderStatus": data.get("status")}
    return read_event(code, renamed | {"updateTime": sent}, sent_time(str(sent * 1000)))


def sent_time(milliseconds: str) -> datetime:
    """The `x-tm-timestamp` header as an instant. MalformedDeliveryError if it is none."""
    if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) <= 14):
        raise MalformedDeliveryError("x-tm-timestamp is no number of milliseconds")
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def is_fresh(sent_at: datetime, now: datetime, window: timedelta) -> bool:
    """Whether it was sent within `window`, which must outlast the platform's last retry: about 27 hours (§16.4)."""
    return now - window <= sent_at <= now + AHEAD


def sealed_body(body: bytes) -> str:
    """The Base64 text inside `{"eventData": …}`. MalformedDeliveryError if the body is something else."""
    text = message_in(body).get("eventData")
    if not isinstance(text, str) or not text:
        raise MalformedDeliveryError("eventData is missing")
    return text


def read_event(code: str, data: Mapping[str, Any], sent_at: datetime) -> Event:
    """The fields of §16.5, of any event: what is absent is None. MalformedDeliveryError for a field that cannot be."""
    try:
        fields = msgspec.convert(data, _Fields, strict=False)
    except (msgspec.ValidationError, OverflowError) as error:
        raise MalformedDeliveryError(f"event {code}: {error}") from None
    if fields.mall_id is not None and not 0 < fields.mall_id < 2**63:
        raise MalformedDeliveryError(f"event {code}: {fields.mall_id} is no mall id")
    if any(
        "\x00" in text for text in (code, fields.parent_order_sn, fields.order_sn, fields.parent_after_sales_sn) if text
    ):
        raise MalformedDeliveryError(f"event {code!r}: a number holds a zero byte")
    return Event(
        code=code,
        key=fields.parent_after_sales_sn or fields.order_sn or fields.parent_order_sn,
        status=_first(fields.order_status, fields.parent_after_sales_status),
        updated_at=_instant(fields.update_time, 1) or _instant(fields.update_at, 1000),
        mall_id=fields.mall_id,
        parent_order_sn=fields.parent_order_sn or None,
        case_sn=fields.parent_after_sales_sn or None,
        sent_at=sent_at,
        data=data,
    )


class _Fields(msgspec.Struct, rename="camel"):
    """`updateTime` is in seconds, `updateAt` in milliseconds."""

    mall_id: int | None = None
    parent_order_sn: str | None = None
    order_sn: str | None = None
    order_status: int | None = None
    update_time: int | None = None
    parent_after_sales_sn: str | None = None
    parent_after_sales_status: int | None = None
    update_at: int | None = None


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _instant(epoch: int | None, per_second: int) -> datetime | None:
    if epoch is None or not 0 < epoch < 100_000_000_000 * per_second:
        return None
    return datetime.fromtimestamp(epoch / per_second, UTC)


def message_in(text: bytes) -> dict[str, Any]:
    """A JSON object. MalformedDeliveryError if it is none."""
    try:
        message = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise MalformedDeliveryError("no JSON object")
    return message


def _from_base64(text: str) -> bytes:
    encoded = text.encode(errors="replace")
    try:
        if not _BASE64.issuperset(encoded):
            raise binascii.Error
        sealed = base64.b64decode(encoded)
    except binascii.Error:
        raise MalformedDeliveryError("eventData is no Base64 text") from None
    if not sealed or len(sealed) % _BLOCK:
        raise MalformedDeliveryError("eventData is no whole number of cipher blocks")
    return sealed


def _decrypted(sealed: bytes, secret: SecretStr) -> bytes | None:
    """The clear text, or None when this secret does not open it; key and first vector are its first 16 bytes."""
    key = secret.get_secret_value().encode()[:_BLOCK]
    if len(key) < _BLOCK:
        return None
    opener = Cipher(algorithms.AES(key), modes.CBC(key)).decryptor()
    stripper = padding.PKCS7(_BLOCK * 8).unpadder()
    try:
        return stripper.update(opener.update(sealed) + opener.finalize()) + stripper.finalize()
    except ValueError:
        return None


def _is_signed(delivery: Delivery, plain: bytes, secret: SecretStr, *, ampersand: bool) -> bool:
    """Every form is computed and compared, so that the time taken tells nothing."""
    key = secret.get_secret_value().encode()
    expected = [hmac.new(key, text, hashlib.sha256).hexdigest() for text in _signed_texts(delivery, plain, ampersand)]
    return any([_same(delivery.signature, one) for one in expected])  # noqa: C419 - a generator would stop early


def _signed_texts(delivery: Delivery, plain: bytes, ampersand: bool) -> Iterator[bytes]:
    """With and without the ext-param header: the platform's two worked examples differ in that (§16.3)."""
    parts = {
        "eventData": plain,
        "x-tm-app-key": delivery.app_key.encode(),
        "x-tm-event-code": delivery.event_code.encode(),
        "x-tm-ext-param": delivery.ext_param.encode(),
        "x-tm-timestamp": delivery.timestamp.encode(),
    }
    pairs = [(name.encode(), value) for name, value in sorted(parts.items()) if value.strip()]
    without = [pair for pair in pairs if pair[0] != b"x-tm-ext-param"]
    yield from (b"".join(name + value for name, value in form) for form in (pairs, without))
    if ampersand:
        yield from (_joined(form) for form in (pairs, without))


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(name + b"=" + value for name, value in pairs)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.lower().encode(errors="replace"), expected.encode())
