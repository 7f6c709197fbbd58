"""What every operation is made of: its name, typed parameters, scope class and handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors.sandbox.parameters import Form, Params
from connectors.sandbox.world.shop import LiveShop

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has passed all gateway checks. `scopes` and `expires` belong to the token it came with."""

    shop: LiveShop
    region: str
    now: int
    params: Params
    scopes: tuple[str, ...] = ()
    expires: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """`sensitive` operations are in no semi-managed token's scope; `rows`, `total`, `key` describe its list, if any."""

    type: str
    handler: Callable[[Call], bytes]
    forms: Mapping[str, Form] = field(default_factory=dict)
    sensitive: bool = False
    rows: str | None = None
    total: str | None = None
    key: str | None = None


_ENCODER = msgspec.json.Encoder()


def to_json(value: object) -> bytes:
    """Compact UTF-8 JSON."""
    return _ENCODER.encode(value)


def money(amount: int, currency: str) -> Json:
    """`{amount: minor units, currency}` (API section 3.3)."""
    return {"amount": amount, "currency": currency}


def decimal_string(minor: int) -> str:
    """Two-decimal string of minor units, as goods and SKU lists show prices."""
    return f"{minor // 100}.{minor % 100:02d}"


def decimal_money(minor: int, currency: str) -> Json:
    """`{amount: "12.50", currency}`."""
    return {"amount": decimal_string(minor), "currency": currency}
