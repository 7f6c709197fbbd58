"""The conservation ledger's arithmetic: what one stage had, the next one has, and why they differ.

Belongs here: causes and sums. Every record that a stage lacks is counted under exactly one cause or is unexplained;
nothing cancels out, because missing and surplus records are different records. Does not belong here: counting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Cause(StrEnum):
    """Why a record is not where it should be, in the order in which causes are believed."""

    DEAD_LETTER = "dead letter"
    NOT_OFFERED = "not offered to this shop"
    FORBIDDEN = "forbidden stream"
    NOT_READY = "not ready on the platform"
    NOTHING_TOLD = "nothing told by the platform"
    NOT_ASKED = "landed after the stream was read"
    OUT_OF_REACH = "changed before what the stream reads"
    AFTER_COUNT = "landed after the platform counted"
    NO_LINES = "order without lines"
    REPEATED = "line that is there twice"
    LATE_ARRIVAL = "late arrival after the build"
    ORPHAN_SHOP = "orphan_shop"
    SANDBOX_SHOP = "sandbox_shop"
    NO_ORDER_TIME = "no_order_time"
    NOT_COMPLETED = "case not completed"
    REFUND_UNALLOCATED = "refund_unallocated"
    NO_SALE = "not of a sale with a price"


@dataclass(frozen=True, slots=True)
class Step:
    """From one stage to the next: `expected` records, `found` ones. `missing` and `surplus` say why, by cause."""

    name: str
    expected: int
    found: int
    missing: Mapping[Cause, int] = field(default_factory=dict)
    surplus: Mapping[Cause, int] = field(default_factory=dict)

    @property
    def gap(self) -> int:
        """Expected − found: positive = records are missing, negative = there are more than expected."""
        return self.expected - self.found

    @property
    def explained(self) -> dict[Cause, int]:
        """How much of the gap each cause accounts for: causes in their order, none beyond what is left to explain."""
        left, shares = abs(self.gap), dict[Cause, int]()
        known = self.missing if self.gap > 0 else self.surplus
        for cause in Cause:
            share = min(left, known.get(cause, 0))
            if share:
                shares[cause] = share
                left -= share
        return shares

    @property
    def unexplained(self) -> int:
        """Records of the gap that have no cause."""
        return abs(self.gap) - sum(self.explained.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger: a shop, a business day (None = its orders have no time) and a stream.

    `reported` is what the platform counts (None = not asked) or, for answers about orders, the orders that want one.
    `staged` and `mart` are None where the stream has no such stage or nothing was built yet. `strays` are records that
    a later stage has though no earlier one does; nothing explains them.
    """

    shop_id: int
    shop_name: str
    day: date | None
    stream: str
    reported: int | None
    landed: int
    set_aside: int = 0
    staged: int | None = None
    mart: int | None = None
    strays: int = 0
    missing: Mapping[str, Mapping[Cause, int]] = field(default_factory=dict)
    surplus: Mapping[str, Mapping[Cause, int]] = field(default_factory=dict)

    @property
    def steps(self) -> list[Step]:
        """The steps that can be judged: both of their stages were counted."""
        stages = {"landed": self.landed, "staged": self.staged, "mart": self.mart}
        before, steps = self.reported, []
        for name, count in stages.items():
            if before is not None and count is not None:
                steps.append(Step(name, before, count, self.missing.get(name, {}), self.surplus.get(name, {})))
            before = count if count is not None else before
        return steps

    @property
    def causes(self) -> dict[Cause, int]:
        """Every explained difference of the line, by cause."""
        sums: dict[Cause, int] = {}
        for step in self.steps:
            for cause, share in step.explained.items():
                sums[cause] = sums.get(cause, 0) + share
        return sums

    @property
    def unexplained(self) -> int:
        """Differences without a cause; anything but 0 is a reason to look."""
        return self.strays + sum(step.unexplained for step in self.steps)

    @property
    def balances(self) -> bool:
        """Whether every record is accounted for."""
        return self.unexplained == 0

    def __str__(self) -> str:
        told = f"{self.shop_name} · {self.day or 'no day'} · {self.stream}: "
        stages = {"reported": self.reported, "landed": self.landed, "staged": self.staged, "mart": self.mart}
        told += " → ".join(f"{count} {name}" for name, count in stages.items() if count is not None)
        causes = ", ".join(f"{share} {cause}" for cause, share in self.causes.items())
        told += f" ({causes})" if causes else ""
        return told if self.balances else f"{told}; {self.unexplained} unexplained"


def unbalanced(entries: Iterable[Entry]) -> list[Entry]:
    """Lines with an unexplained difference, the worst first."""
    return sorted((one for one in entries if not one.balances), key=lambda one: -one.unexplained)


def noteworthy(entries: Iterable[Entry]) -> list[Entry]:
    """Lines that differ at all, unexplained ones first."""
    odd = [one for one in entries if one.causes or not one.balances]
    return sorted(odd, key=lambda one: (-one.unexplained, one.day or date.min))
