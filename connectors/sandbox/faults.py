"""Trouble on demand: which call gets which fault, and how often.

Belongs here: matching and counting. What a fault does to an answer is in `gateway` (refusals, clock), `distortions`
(contents), `operations.orders` (what a list hides) and `app` (transport).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

REFUSALS = {
    "throttle": "4000004 too frequent requests",
    "system_error": "4000000 internal system error",
    "token_expired": "3000034 token expired or replaced",
    "wrong_area": "120011072 wrong request area",
    "amounts_calculating": "140020008, order amounts only",
    "ip_not_whitelisted": "5000003 NOT_IN_IP_WHITE_LIST",
    "token_revoked": "3000031 token unknown",
    "no_api_access": "3000032 the token lacks this operation",
    "business_error": "7000000 business service error",
}
DISTORTIONS = {
    "drift": "an order moves after a page of the order list was read",
    "duplicate_rows": "the first row of a page comes twice",
    "changed_total": "the total is one too high",
    "unknown_fields": "rows carry fields nobody has documented",
    "absent_nulls": "null fields are left out",
    "unknown_status": "the first row has a status code that nobody has documented",
    "task_timeout": "a statement task ends with TIME_OUT",
    "retyped_field": "the key of a page's first row has another type",
}
DELAYS = {"late_orders": "a share (`rate`) of changed orders is listed by update time `seconds` (default 7200) late"}
CLOCKS = {"clock_skew": "the gateway's clock is `seconds` ahead (default 900), negative: behind"}
TRANSPORT = {
    "http_502_html": "the edge answers 502 with HTML",
    "timeout": "no answer for `seconds` (default 120), then the right one",
    "slow_body": "headers at once, the body over `seconds` (default 10)",
    "connection_reset": "the connection is reset instead of an answer",
    "truncated_json": "the body ends in the middle",
}
KINDS = {**REFUSALS, **DISTORTIONS, **DELAYS, **CLOCKS, **TRANSPORT}
_DEFAULT_SECONDS = {"timeout": 120.0, "slow_body": 10.0, "late_orders": 7200.0, "clock_skew": 900.0}


class UnknownFaultError(ValueError):
    """A fault that the sandbox cannot play; the message lists what it can."""


@dataclass(slots=True)
class Fault:
    """One rule: `after` matching calls pass, then `count` (None = all) are hit, at `rate`.

    `shop` is a mall id or shop name; an absent `shop`, `app_key` or `type` matches every one. It is in force from
    `since` until before `until` (virtual epoch seconds); absent: always.
    """

    kind: str
    shop: str | None = None
    app_key: str | None = None
    type: str | None = None
    count: int | None = None
    rate: float = 1.0
    after: int = 0
    seconds: float | None = None
    since: int | None = None
    until: int | None = None
    seen: int = 0
    hits: int = 0

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Fault:
        """Check one rule of a request; every mistake is named."""
        kind = raw.get("kind")
        if kind not in KINDS:
            raise UnknownFaultError(f"unknown fault kind {kind!r}; the sandbox knows: {', '.join(KINDS)}")
        known = {field.name for field in fields(cls)}
        if strange := sorted(raw.keys() - known):
            raise UnknownFaultError(f"unknown keys {strange} in a {kind} fault; known: {', '.join(sorted(known))}")
        values = dict(raw)
        if values.get("shop") is not None:
            values["shop"] = str(values["shop"])
        for name in ("count", "after", "since", "until", "rate", "seconds"):
            form = int | float if name in ("rate", "seconds") else int
            value = values.get(name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, form)):
                raise UnknownFaultError(f"{name} of a {kind} fault must be a number, got {value!r}")
        return cls(**values)

    @property
    def pause(self) -> float:
        """Seconds of delay that this fault brings."""
        return self.seconds if self.seconds is not None else _DEFAULT_SECONDS.get(self.kind, 0.0)


@dataclass(frozen=True, slots=True)
class Caller:
    """What a call says about itself, for matching."""

    app_key: str
    type: str
    mall_id: int | None
    shop_name: str | None
    now: int = 0


class FaultBoard:
    """The rules in force, in order; the first of a group that hits wins."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.faults = list(faults)

    def replace(self, raw: Iterable[Mapping[str, Any]]) -> None:
        """Put new rules in force, all or none."""
        self.faults = [Fault.parse(rule) for rule in raw]

    def as_json(self) -> list[dict[str, Any]]:
        """The rules with their counters."""
        return [asdict(fault) for fault in self.faults]

    def hit(self, group: Mapping[str, str], caller: Caller) -> Fault | None:
        """The fault of this group that this call runs into, if any."""
        for index, fault in enumerate(self.faults):
            if fault.kind in group and _matches(fault, caller):
                fault.seen += 1
                if _strikes(fault, index):
                    fault.hits += 1
                    return fault
        return None


def _matches(fault: Fault, caller: Caller) -> bool:
    if fault.kind == "amounts_calculating" and not caller.type.startswith(("bg.order.amount.", "temu.order.amount.")):
        return False
    if fault.kind in ("drift", *DELAYS) and caller.type != "bg.order.list.v2.get":
        return False
    if not (fault.since or 0) <= caller.now < (fault.until or math.inf):
        return False
    return (
        (fault.app_key is None or fault.app_key == caller.app_key)
        and (fault.type is None or fault.type == caller.type)
        and (fault.shop is None or fault.shop in (str(caller.mall_id), caller.shop_name))
    )


def _strikes(fault: Fault, index: int) -> bool:
    """Deterministic dice: the n-th matching call always meets the same fate."""
    if fault.seen <= fault.after or (fault.count is not None and fault.hits >= fault.count):
        return False
    if fault.rate >= 1.0 or fault.kind in DELAYS:  # their rate is about orders
        return True
    digest = hashlib.blake2b(f"{fault.kind}/{index}/{fault.seen}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < fault.rate
