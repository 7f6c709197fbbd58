"""The table of codes: every code of the API reference §4 asks for the right next move."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.errors import (
    AppError,
    OmniError,
    PermanentError,
    ShopAuthError,
    StreamForbiddenError,
    ThrottledError,
    TransientError,
)
from connectors.temu.errors import (
    ClockSkewError,
    DoubtfulError,
    NothingToTellError,
    NotReadyError,
    OtherSiteError,
    RecordNotFoundError,
    meaning,
    refusal,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "temu"
NEXT_MOVE: dict[type[OmniError], tuple[int, ...]] = {
    TransientError: (4000000, 7000000, 130010000, 150010005),
    DoubtfulError: (2000000, 6000001),
    ThrottledError: (4000004,),
    ClockSkewError: (3000010, 3000011, 3000012),
    NotReadyError: (140020008, 140020009),
    StreamForbiddenError: (3000032, 140020001, 140020003),
    ShopAuthError: (3000030, 3000031, 3000033, 3000034, 5000000, 120011072),
    AppError: (3000001, 3000019, 3000020, 3000022, 3000025, 3000026, 3000028, 5000003),
    PermanentError: (
        3000000,
        3000002,
        3000003,
        3000004,
        3000013,
        3000014,
        3000040,
        140020013,
        140020014,
        999,
        170070010,
        170070012,
    ),
    RecordNotFoundError: (140020002, 130010004, 120012016),
    NothingToTellError: (170070011, 120011030),
    OtherSiteError: (140020015,),
}


@pytest.mark.parametrize(("error", "code"), [(error, code) for error, codes in NEXT_MOVE.items() for code in codes])
def test_each_gateway_code_asks_for_its_next_move(error: type[OmniError], code: int) -> None:
    assert meaning(code, gateway="US").error is error


NEXT_MOVE_OF_PARTNERS: dict[type[OmniError], tuple[int, ...]] = {
    ClockSkewError: (7000008, 7000010, 7000011),
    StreamForbiddenError: (7000019, 7000022),
    ShopAuthError: (7000003, 7000006, 7000007, 7000018, 7000020),
    AppError: (7000002, 7000005, 7000015),
    PermanentError: (7000000, 7000013, 7000014, 7000016),
}


@pytest.mark.parametrize("gateway", ["CN", "PARTNER"])
@pytest.mark.parametrize("error", NEXT_MOVE_OF_PARTNERS)
def test_each_code_of_the_cn_and_partner_gateways_asks_for_its_next_move(error: type[OmniError], gateway: str) -> None:
    assert {meaning(code, gateway=gateway).error for code in NEXT_MOVE_OF_PARTNERS[error]} == {error}


def test_the_same_code_means_another_thing_on_the_partner_gateway() -> None:
    assert meaning(7000000, gateway="EU").error is TransientError
    assert meaning(7000000, gateway="PARTNER").error is PermanentError
    assert meaning(7000015, gateway="CN").error is AppError


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("error.*.json")), ids=lambda path: path.stem)
def test_every_sample_of_an_error_has_a_meaning_and_a_remedy(path: Path) -> None:
    answer = json.loads(path.read_text())
    error = refusal(answer["errorCode"], answer["errorMsg"], where="shop Acme, x: the gateway", gateway="US")
    assert "shop Acme" in str(error)
    assert str(answer["errorCode"]) in str(error)
    assert meaning(answer["errorCode"], gateway="US").symbol != "code unknown to us"
    assert error.remedy


DOCUMENTED = {
    "gateway (§4.1)": "2000000 3000000 3000001 3000002 3000003 3000004 3000010 3000011 3000012 3000013 3000014 3000019 "
    "3000020 3000021 3000022 3000025 3000026 3000027 3000028 3000030 3000031 3000032 3000033 3000034 3000040 4000000 "
    "4000004 5000000 5000001 5000002 5000003 6000001 7000000",
    "CN and PARTNER gateways (§4.2)": "7000000 7000002 7000003 7000005 7000006 7000007 7000008 7000010 7000011 7000013 "
    "7000014 7000015 7000016 7000018 7000019 7000020 7000022",
    "authorisation (§4.3)": "110020001 110020002 110020003 110020005 110020006 110020007 110020008 110020009",
    "orders (§4.3)": "140020001 140020002 140020003 140020005 140020008 140020009 140020012 140020013 140020014 "
    "140020015",
    "addresses (§4.3)": "180020001 180020003 180020008 180020030",
    "after-sales (§4.3)": "130010000 130010001 130010002 130010003 130010004 130010005",
    "logistics and tracking (§4.3)": "120011030 120011072 120012016 170070010 170070011 170070012",
    "promotion (§4.3)": "220010001 220010002 220010003 220010004",
    "ads (§4.3)": "230012000 230012003 230013000 230014000 230016701 230016103",
    "goods (§4.3)": "150010002 150010003 150010005 150010105 150011000 150011027 150011999",
    "tax (§4.3)": "200020001 200020002 200020003 200020004 200020005",
}


GATEWAYS = {"gateway (§4.1)": ("US", "EU", "GLOBAL"), "CN and PARTNER gateways (§4.2)": ("CN", "PARTNER")}
"""Which gateways speak of a group; business codes are those of all."""
ALL_GATEWAYS = ("US", "EU", "GLOBAL", "CN", "PARTNER")


@pytest.mark.parametrize(
    ("group", "gateway"), [(group, one) for group in DOCUMENTED for one in GATEWAYS.get(group, ALL_GATEWAYS)]
)
def test_every_documented_code_is_known_with_a_symbol_and_a_remedy(group: str, gateway: str) -> None:
    for code in map(int, DOCUMENTED[group].split()):
        found = meaning(code, gateway=gateway)
        assert found.symbol != meaning(999, gateway=gateway).symbol, code
        assert found.error("x", remedy=found.remedy).remedy, code
