"""Buyers' data: removed wherever it stands, everything else byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.temu.privacy import may_hold_personal_data, without_personal_data

FIXTURES = Path(__file__).parents[2] / "fixtures" / "temu"
PERSONAL = (
    "receiptName", "receiptAdditionalName", "mobile", "backupMobile", "mail", "email", "addressLine1", "addressLine2",
    "addressLineAll", "addressExtra", "postCode", "firstName", "lastName", "additionalFirstName",
    "contactlessDropPoint",
    "additionalLastName", "taxCode", "taxCodeType", "nationalAddress", "buyerComment",
    "regionName3", "regionName4",
)  # fmt: skip


@pytest.mark.parametrize("key", PERSONAL)
def test_each_personal_key_is_noticed_and_removed_at_any_depth(key: str) -> None:
    payload = json.dumps({"id": 1, "inner": [{"deep": {key: {"secret": "x"}, "kept": 2}}]}).encode()
    assert may_hold_personal_data(payload)
    assert json.loads(without_personal_data(payload)) == {"id": 1, "inner": [{"deep": {"kept": 2}}]}


@pytest.mark.parametrize(
    "sample",
    ["bg.order.detail.v2.get", "bg.order.shippinginfo.v2.get", "bg.order.shippinginfo.v2.get.restricted"],
)
def test_of_an_address_country_and_state_are_kept_and_nothing_finer(sample: str) -> None:
    left = without_personal_data((FIXTURES / f"{sample}.json").read_bytes()).decode()
    assert '"United States"' in left
    assert '"Sample State"' in left
    assert "Sampletown" not in left
    assert not any(f'"{key}"' in left for key in PERSONAL)


def test_what_is_not_personal_keeps_its_bytes() -> None:
    payload = b'{ "amount": 1.10, "big": 12345678901234567890, "list": [{"buyerComment":"s", "k" : 1e2 }], "s":"mail" }'
    assert without_personal_data(payload) == b'{"amount":1.10,"big":12345678901234567890,"list":[{"k":1e2}],"s":"mail"}'


def test_similar_words_are_no_personal_data() -> None:
    payload = b'{"retail":1,"detail":{"mobileFriendly":2},"list":[{"name":"pending_buyer_address_change"}],"x":"mail"}'
    assert without_personal_data(payload) is payload


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*PERSONAL, "a", "mailbox"]), inner),
)


def _cut(value: object) -> object:
    if isinstance(value, dict):
        return {key: _cut(inner) for key, inner in value.items() if key not in PERSONAL}
    return [_cut(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "torn",
    [
        b'{"id": 1, "receiptName": "Secret", "x": tr',
        b'{"id": 1, "k\xff": {"backupMobile": "Secret"}}',
        b'{"id": 1, "mail": "Secret", "deep": ' + b"[" * 3000 + b"]" * 3000 + b"}",
        b'[{"id": 1, "addressLine1": "Secret"}, 2',
    ],
    ids=["cut off", "not utf-8", "too deep", "a list"],
)
def test_what_cannot_be_read_ends_before_its_first_personal_key_and_says_so(torn: bytes) -> None:
    left = without_personal_data(torn)
    assert b"Secret" not in left
    assert left.startswith(torn[:9])
    assert b"unreadable" in left


@settings(max_examples=40)
@given(JSON)
def test_removal_equals_the_plain_recursive_definition(value: object) -> None:
    assert json.loads(without_personal_data(msgspec.json.encode(value))) == _cut(value)
