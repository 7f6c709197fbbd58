"""After-sales cases: who wants money back for which line, how the case moves, what it costs whom.

Belongs here: the dated steps of a case and its amounts. Statuses and reasons are those of API section 13, appendix B.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

REQUESTED, PARCEL_SENT, PARCEL_RECEIVED, REFUNDING, REFUNDED, WITHDRAWN, REFUSED = 1, 2, 3, 4, 5, 6, 7
REFUND_ONLY, RETURN_AND_REFUND = 1, 2
REASONS = (
    (14, "Item defective or doesn't work"),
    (8, "Fabric/material not as expected"),
    (19, "Item arrived too late"),
    (23, "Product damaged, but shipping box OK"),
    (34, "No longer needed"),
    (54, "Too large/long"),
    (15, "Wrong item was sent"),
    (22, "Missing item"),
)
GROUPS = {1: 1, 2: 3, 3: 1, 4: 0, 5: 5, 6: 7, 7: 6}


@dataclass(frozen=True, slots=True)
class Refund:
    """What the buyer gets and what the seller loses, minor units of the shop's currency (API section 13.3)."""

    retail: int
    tax: int
    shipping: int
    seller_discount: int
    temu_discount: int
    seller_loss: int

    @property
    def buyer_total(self) -> int:
        """The buyer's refund."""
        return self.retail + self.tax + self.shipping - self.seller_discount - self.temu_discount


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One after-sales case on one line; `steps` are (instant, status) in order of time."""

    sn: str
    line: int
    units: int
    kind: int
    steps: tuple[tuple[int, int], ...]
    refund: Refund
    reason: tuple[int, str]

    @property
    def created(self) -> int:
        """When the buyer asked."""
        return self.steps[0][0]

    @property
    def refunded_at(self) -> int | None:
        """When the refund was completed, if the script says it ever is."""
        return next((at for at, status in self.steps if status == REFUNDED), None)

    def step_at(self, instant: int) -> tuple[int, int] | None:
        """(update time, status) at `instant`, None before the case exists."""
        position = bisect_right([at for at, _ in self.steps], instant)
        return self.steps[position - 1] if position else None

    def is_refunded_at(self, instant: int) -> bool:
        """Whether the money has gone back."""
        return self.refunded_at is not None and self.refunded_at <= instant
