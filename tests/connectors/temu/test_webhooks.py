"""Pushed events (API reference §16, §17): both official signature forms, two secrets, and nothing else gets in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.temu.webhooks import (
    ORDER_STATUS,
    TEST_EVENT,
    Delivery,
    MalformedDeliveryError,
    UnverifiedDeliveryError,
    is_fresh,
    open_delivery,
    open_seed_delivery,
    read_event,
    sealed_body,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "webhooks"
SECRET = SecretStr("sandbox-webhook-secret-0001")
OTHER = SecretStr("another-webhook-secret-0002")
W1 = "3e8f48b319d9f8b52fe7650e116c5bbe6be1059a67dee9a8d724ba1997d3c9a5"
W2 = "cefec7b0fb33cd72e7c451ce71653cc29c06df3ef6614a9ae36a6b7f4a0e27bf"
W3 = "54A5A731EC9E9E54B660FCE3352CBA215F6F6B1B2DCC67B015F8F094E3296089"
VECTOR = Delivery(
    app_key="sandbox-app-key-0001",
    event_code=ORDER_STATUS,
    timestamp="1767225600123",
    signature=W1,
    ext_param="{}",
    event_data=(
        "tNX9b6O2mmAAd2OxsBTF0GMVxVLQ5bw1ghLZhTwd0DMtayC8RwG8zQT0Dq+kMeuYZvWUFh9t7mf1nj8UGkaBlnkVs8vWo8wH/PW2si7suldC4xCQ"
        "MSVLZZ7TKt6W87scrfFJg+78iVo1aconZEt6v8r7PJBbbrtQpAo24c2CmQSLe0K95mMU8r30vHckjDTaCYcaekI9Hhhs+q5FUDuSWg=="
    ),
)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def sample(name: str) -> tuple[Delivery, dict[str, Any]]:
    """A sample request as a delivery, and the message inside it."""
    whole = json.loads((FIXTURES / f"{name}.json").read_text())
    headers = {key.lower(): value for key, value in whole["request"]["headers"].items()}
    delivery = Delivery(
        app_key=headers["x-tm-app-key"],
        event_code=headers["x-tm-event-code"],
        timestamp=headers["x-tm-timestamp"],
        signature=headers["x-tm-signature"],
        ext_param=headers["x-tm-ext-param"],
        event_data=whole["request"]["body"]["eventData"],
    )
    return delivery, whole["decrypted"]


@pytest.mark.parametrize("signature", [W1, W2, W1.upper(), W2.upper()], ids=["W1", "W2", "W1 upper", "W2 upper"])
def test_both_official_forms_are_accepted_in_either_case(signature: str) -> None:
    event = open_delivery(replace(VECTOR, signature=signature), [SECRET])
    assert event.mall_id == 600000000000001
    assert event.parent_order_sn == "PO-211-00000000000000001"
    assert (event.key, event.status) == ("211-00000000000000001-1", 4)
    assert event.updated_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_the_ampersand_form_is_a_fallback_that_must_be_asked_for() -> None:
    prose = replace(VECTOR, signature=W3)
    with pytest.raises(UnverifiedDeliveryError):
        open_delivery(prose, [SECRET])
    assert open_delivery(prose, [SECRET], ampersand=True).parent_order_sn == "PO-211-00000000000000001"


@pytest.mark.parametrize(
    "name",
    [
        "order-status-change",
        "order-status-change.ext-not-signed",
        "address-changed",
        "aftersales-status-change",
        "cancel-order-status-change",
        "test-event",
    ],
)
def test_every_sample_opens_and_says_what_was_put_in(name: str) -> None:
    delivery, message = sample(name)
    event = open_delivery(delivery, [SECRET])
    assert event.data == message
    assert event.code == delivery.event_code
    assert event.mall_id == message.get("mallId")
    assert event.parent_order_sn == message.get("parentOrderSn")
    assert event.case_sn == message.get("parentAfterSalesSn")


def test_update_times_are_seconds_for_orders_and_milliseconds_for_cases() -> None:
    order, case = (
        open_delivery(sample(name)[0], [SECRET]) for name in ("order-status-change", "aftersales-status-change")
    )
    assert order.updated_at == datetime.fromtimestamp(1767398400, UTC)
    assert case.updated_at == datetime.fromtimestamp(1767916800, UTC)


def test_the_former_secret_is_valid_beside_the_present_one() -> None:
    assert open_delivery(VECTOR, [OTHER, SECRET]).mall_id == 600000000000001
    with pytest.raises(UnverifiedDeliveryError, match="omni shops update"):
        open_delivery(VECTOR, [OTHER])
    with pytest.raises(UnverifiedDeliveryError):
        open_delivery(VECTOR, [])


@pytest.mark.parametrize("part", ["app_key", "event_code", "timestamp", "signature"])
def test_whatever_the_signature_covers_cannot_be_changed(part: str) -> None:
    changed = getattr(VECTOR, part)[:-1] + ("1" if getattr(VECTOR, part)[-1] != "1" else "2")
    with pytest.raises(UnverifiedDeliveryError):
        open_delivery(replace(VECTOR, **{part: changed}), [SECRET])


@given(st.integers(0, 200), st.integers(1, 255))
def test_no_altered_cipher_text_is_ever_accepted(position: int, change: int) -> None:
    sealed = bytearray(base64.b64decode(VECTOR.event_data))
    sealed[position % len(sealed)] ^= change
    with pytest.raises((UnverifiedDeliveryError, MalformedDeliveryError)):
        open_delivery(replace(VECTOR, event_data=base64.b64encode(bytes(sealed)).decode()), [SECRET])


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=70))
def test_nonsense_is_refused_and_never_breaks(event_data: str, timestamp: str, signature: str) -> None:
    with pytest.raises((UnverifiedDeliveryError, MalformedDeliveryError)):
        open_delivery(replace(VECTOR, event_data=event_data, timestamp=timestamp, signature=signature), [SECRET])


@given(st.binary(max_size=80))
def test_a_body_is_the_platforms_or_malformed(body: bytes) -> None:
    try:
        assert isinstance(sealed_body(body), str)
    except MalformedDeliveryError:
        return


def test_a_secret_too_short_to_be_a_key_opens_nothing() -> None:
    with pytest.raises(UnverifiedDeliveryError):
        open_delivery(VECTOR, [SecretStr("short")])


def test_deliveries_of_one_change_are_one_event_and_other_changes_are_others() -> None:
    """Deduplication on event, key, status and update time (§16.4)."""
    data = {"mallId": 1, "parentOrderSn": "PO-1", "orderSn": "1-1", "orderStatus": 4, "updateTime": 1767225600}
    first, again = (read_event(ORDER_STATUS, data, AT + timedelta(hours=h)) for h in (0, 12))
    assert first.id == again.id
    others = [data | {name: 2} for name in ("mallId", "orderStatus", "updateTime")] + [data | {"orderSn": "1-2"}]
    assert len({first.id, *(read_event(ORDER_STATUS, one, AT).id for one in others)}) == 5


def test_numbers_may_come_as_text_and_what_is_absent_is_unknown() -> None:
    event = read_event(ORDER_STATUS, {"mallId": "634418000000001", "novel": [1]}, AT)
    assert (event.mall_id, event.key, event.status, event.updated_at) == (634418000000001, None, None, None)
    with pytest.raises(MalformedDeliveryError, match="parentOrderSn"):
        read_event(ORDER_STATUS, {"parentOrderSn": {"a": 1}}, AT)


@given(
    st.dictionaries(
        st.sampled_from(["mallId", "orderStatus", "updateTime", "updateAt", "orderSn"]),
        st.one_of(
            st.none(),
            st.integers(),
            st.text(max_size=5),
            st.floats(),
            st.booleans(),
            st.lists(st.integers(), max_size=2),
        ),
    )
)
def test_any_message_is_an_event_or_malformed(data: dict[str, Any]) -> None:
    try:
        event = read_event(TEST_EVENT, data, AT)
    except MalformedDeliveryError:
        return
    assert len(event.id) == 32


def test_the_window_outlasts_the_last_retry_and_ends() -> None:
    window = timedelta(hours=30)
    assert is_fresh(AT - timedelta(hours=27, minutes=42), AT, window)
    assert not is_fresh(AT - timedelta(hours=31), AT, window)
    assert not is_fresh(AT + timedelta(hours=1), AT, window)


def test_the_seed_dialects_clear_body_needs_its_own_signature() -> None:
    body = json.dumps(json.loads((FIXTURES / "seed-dialect.json").read_text())["request"]["body"]).encode()
    signature = hmac.new(b"seed-secret-1", body, hashlib.sha256).hexdigest()
    event = open_seed_delivery(body, signature.upper(), SecretStr("seed-secret-1"), mall_id=7)
    assert (event.mall_id, event.parent_order_sn, event.status) == (7, "SEED-1001", 2)
    assert event.updated_at == datetime.fromtimestamp(1767225600, UTC)
    with pytest.raises(UnverifiedDeliveryError):
        open_seed_delivery(body + b" ", signature, SecretStr("seed-secret-1"), mall_id=7)
