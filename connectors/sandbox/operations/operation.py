"""What every operation is made of: its name, typed parameters, scope class and handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors.sandbox.parameters import Form, Params
from connectors.sandbox.world.shop import LiveShop

Json = dict[str, Any]
ROUTERS = ("US", "EU", "GLOBAL")
"""The gateways that serve orders; PARTNER and CN serve the goods of cross-border sellers (API section 1)."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has passed all gateway checks. `scopes`, `expires` and `token` belong to the token it came with.

    `events` are the shop's subscribed event codes, which the call may change; `base_url` is where the sandbox answers.
    `delay` is how many seconds a share of changed orders takes to be listed by update time, and that share.
    """

    shop: LiveShop
    region: str
    now: int
    params: Params
    scopes: tuple[str, ...] = ()
    expires: int = 0
    token: str = field(default="", repr=False)
    events: list[str] = field(default_factory=list)
    base_url: str = ""
    delay: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Operation:
    """`local_only` operations are in no semi-managed token's scope, `sensitive` ones neither; other gateways than
    `gateways` do not know it. `by_code` takes an authorisation code for a token, `per_second` has a limit of its own.
    `rows`, `total`, `key` describe its list, if any.
    """

    type: str
    handler: Callable[[Call], bytes]
    forms: Mapping[str, Form] = field(default_factory=dict)
    sensitive: bool = False
    local_only: bool = False
    gateways: tuple[str, ...] = ROUTERS
    by_code: bool = False
    per_second: float | None = None
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
