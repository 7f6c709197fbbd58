"""Trouble on demand: which call gets which fault, and how often.

Belongs here: matching and counting. What a fault does to an answer is in `gateway` and `rest` (refusals, clock),
`distortions` (contents), `operations.orders` (what a list hides) and `app` (transport).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

REFUSALS = {
    "throttle": "4000004 too frequent requests; REST: HTTP 429",
    "system_error": "4000000 internal system error; REST: HTTP 500",
    "token_expired": "3000034 token expired or replaced; REST: HTTP 401",
    "wrong_area": "120011072 wrong request area; REST: HTTP 401",
    "amounts_calculating": "140020008, order amounts only; never in REST, where orders carry their money",
    "ip_not_whitelisted": "5000003 NOT_IN_IP_WHITE_LIST; REST: HTTP 403",
    "token_revoked": "3000031 token unknown; REST: HTTP 401",
    "no_api_access": "3000032 the token lacks this operation; REST: HTTP 403",
    "business_error": "7000000 business service error (PARTNER, CN: 4000000); REST: HTTP 503",
}
DISTORTIONS = {
    "drift": "an order moves after a page of the order list was read; never in REST, whose lists no update moves",
    "duplicate_rows": "the first row of a page comes twice",
    "changed_total": "the total is one too high",
    "unknown_fields": "rows carry fields nobody has documented",
    "absent_nulls": "null fields are left out",
    "unknown_status": "the first row has a value that nobody has documented, in `field` (default: its statuses)",
    "task_timeout": "a statement task ends with TIME_OUT; never in REST, which has none",
    "retyped_field": "`field` (default: the key) has another type in the first row of a page that has it",
}
DELAYS = {
    "late_orders": "a share (`rate`) of changed orders is listed by update time `seconds` (default 7200) late; "
    "never in REST, which has no update time"
}
CLOCKS = {"clock_skew": "the gateway's clock is `seconds` ahead (default 900), negative: behind"}
TRANSPORT = {
    "http_502_html": "the edge answers 502 with HTML",
    "http_error": "the edge answers `status` (429, 500, 502, 503 or 504; default 503) with HTML",
    "timeout": "no answer for `seconds` (default 120), then the right one",
    "slow_body": "headers at once, the body over `seconds` (default 10)",
    "connection_reset": "the connection is reset instead of an answer",
    "truncated_json": "the body ends in the middle",
}
KINDS = {**REFUSALS, **DISTORTIONS, **DELAYS, **CLOCKS, **TRANSPORT}
STATUSES = (429, 500, 502, 503, 504)
_NAMING_FIELDS = ("retyped_field", "unknown_status")
_ONLY = {
    "amounts_calculating": ("bg.order.amount.", "temu.order.amount."),
    "task_timeout": ("temu.finance.mall.bill.task.get",),
    **dict.fromkeys(("drift", *DELAYS), ("bg.order.list.v2.get",)),
}
"""What begins the operations that alone can meet a kind."""
_DEFAULT_SECONDS = {"timeout": 120.0, "slow_body": 10.0, "late_orders": 7200.0, "clock_skew": 900.0}


class UnknownFaultError(ValueError):
    """A fault that the sandbox cannot play; the message lists what it can."""


@dataclass(slots=True)
class Fault:
    """One rule: `after` matching calls pass, then `count` (None = all) are hit, at `rate`.

    `shop` is a mall id or shop name; an absent `shop`, `app_key` or `type` matches every one. It is in force from
    `since` until before `until` (virtual epoch seconds); absent: always. `seconds`, `status` and `field` say more about
    the kinds that speak of them.
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
    status: int | None = None
    field: str | None = None
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
        _check_numbers(kind, values)
        _check_particulars(kind, values)
        return cls(**values)

    @property
    def pause(self) -> float:
        """Seconds of delay that this fault brings."""
        return self.seconds if self.seconds is not None else _DEFAULT_SECONDS.get(self.kind, 0.0)

    @property
    def http_status(self) -> int:
        """What an edge answers that lets nobody through."""
        return 502 if self.kind == "http_502_html" else self.status or 503


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

    def hit(self, group: Mapping[str, str], caller: Caller | None) -> Fault | None:
        """The fault of this group that this call runs into, if any; nobody runs into anything while there is none."""
        if caller is None:
            return None
        for index, fault in enumerate(self.faults):
            if fault.kind in group and _matches(fault, caller):
                fault.seen += 1
                if _strikes(fault, index):
                    fault.hits += 1
                    return fault
        return None


def _check_numbers(kind: str, values: Mapping[str, Any]) -> None:
    for name in ("count", "after", "since", "until", "rate", "seconds"):
        form = int | float if name in ("rate", "seconds") else int
        value = values.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, form)):
            raise UnknownFaultError(f"{name} of a {kind} fault must be a number, got {value!r}")


def _check_particulars(kind: str, values: Mapping[str, Any]) -> None:
    """What would have no effect is refused rather than ignored."""
    status, field = values.get("status"), values.get("field")
    if status is not None and (kind != "http_error" or status not in STATUSES):
        known = ", ".join(map(str, STATUSES))
        raise UnknownFaultError(f"status must be one of {known} and belongs to http_error, got {status!r} in {kind}")
    if field is not None and (kind not in _NAMING_FIELDS or not isinstance(field, str)):
        known = " and ".join(_NAMING_FIELDS)
        raise UnknownFaultError(f"field must be a name and belongs to {known}, got {field!r} in {kind}")


def _matches(fault: Fault, caller: Caller) -> bool:
    if not caller.type.startswith(_ONLY.get(fault.kind, ("",))):
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
