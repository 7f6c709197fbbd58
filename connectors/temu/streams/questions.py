"""Ways of reading that ask about ids, days or tasks instead of walking a list; how it is done: `temu.questions`,
`temu.bill_files`. Part of the vocabulary of `shapes`, from where the streams take it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from connectors.records import Window
from connectors.temu.entities import Entity

if TYPE_CHECKING:
    from connectors.temu.streams.shapes import Listing

Ids = tuple[int, ...]
"""An id that has landed, the ids above it first: (goods id, SKU id)."""
Source = Literal["skus", "goods", "advertised_goods", "open_activities", "partner_skcs", "partner_skus"]
"""Where ids come from: `products` and their goods, goods that `ad_details` last saw advertised, activities that have
not ended, SKCs and product SKUs of the cross-border gateways."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The parameters for a pair of bounds, both inclusive, and the unit in which they count (§3.6)."""

    first: str
    last: str
    unit: Literal["s", "ms"] = "s"

    def of(self, window: Window) -> dict[str, int]:
        """A half-open window in these words."""
        scale = 1 if self.unit == "s" else 1000
        return {
            self.first: round(window.start.timestamp() * scale),
            self.last: round(window.end.timestamp() * scale) - 1,
        }


@dataclass(frozen=True)
class IdQuery:
    """An operation that answers about up to `size` landed ids at once; `params` words the question.

    `rows_path` leads to the records, list by list; empty = the whole answer is one record about the one id asked for.
    """

    api_type: str
    entity: Entity
    size: int
    params: Callable[[Sequence[Ids]], Mapping[str, object]]
    rows_path: tuple[str, ...] = ()


@dataclass(frozen=True)
class ByIds:
    """Ask about every landed id of a kind: in batches, or list by list with the id in the parameter `word`."""

    source: Source
    ask: IdQuery | Listing
    word: str = ""

    @property
    def operations(self) -> tuple[str, ...]:
        """Operations that this way of reading calls."""
        return (self.ask.api_type,)


@dataclass(frozen=True)
class ByLocalDay:
    """Ask for a report on each whole local day of the shop, and on each landed id if there is a `source`.

    The first reading reaches back `reach`; a later one reads the days of the last `settle` again, because reports move
    while orders are cancelled.
    """

    api_type: str
    entity: Entity
    window: Bounds
    reach: timedelta
    settle: timedelta
    source: Source | None = None
    word: str = ""

    @property
    def operations(self) -> tuple[str, ...]:
        """Operations that this way of reading calls."""
        return (self.api_type,)


@dataclass(frozen=True)
class ByTask:
    """Have files made, month by month: `create` a task per kind, `poll` it, fetch the file.

    `window`, `reach` and `settle` are those of `ByLocalDay`.
    """

    create: str
    poll: str
    entity: Entity
    kinds: tuple[str, ...]
    window: Bounds
    reach: timedelta
    settle: timedelta

    @property
    def operations(self) -> tuple[str, ...]:
        """Operations that this way of reading calls."""
        return (self.create, self.poll)
