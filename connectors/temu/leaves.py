"""What reading hands over for landing: leaves, each complete in itself, to be stored in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.records import RawRecord, Unanswered, Window, unready
from connectors.temu.decoding import Rejected


@dataclass(slots=True)
class Leaf:
    """A part of a stream. `watermark` is how far the stream's may move once this leaf is stored; None = not at all.

    `unchanged` counts records of the stream's own table that came as they are stored and are not among `records`.
    `asked` holds the numbers that were asked about, each with the reason for which it has no final answer, if so.
    """

    records: dict[str, list[RawRecord]]
    rejected: list[Rejected] = field(default_factory=list)
    window: Window | None = None
    watermark: datetime | None = None
    unchanged: int = 0
    asked: Mapping[str, Unanswered | None] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        """How many of `asked` will have an answer only later."""
        return unready(self.asked)

    @property
    def read(self) -> int:
        """Records of the stream's own table, set aside ones included."""
        return len(next(iter(self.records.values()), ())) + len(self.rejected) + self.unchanged
