"""What a stream is: the ways of reading and the words that an operation wants to hear.

Belongs here: the vocabulary in which the modules beside this one are written. How a way of reading is done:
`connectors.temu.extract`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from connectors.temu.entities import Entity


@dataclass(frozen=True)
class Listing:
    """An operation that answers page by page. `window` names its pair of inclusive bounds in epoch seconds.

    `clock` is the typed column that the bounds are about; None = the record's update time.
    """

    api_type: str
    entity: Entity
    page_word: str
    page_size: int
    total_word: str
    rows_word: str
    params: Mapping[str, object] = field(default_factory=dict)
    window: tuple[str, str] | None = None
    leaf_rows: int = 1000
    clock: int | None = None


@dataclass(frozen=True)
class Lookup:
    """An operation that answers about one parent record. `words` maps its parameters to attributes of `Parent`.

    `variants` names other operations by the region id inside the order number, `PO-<region>-…` (§9.2, §9.3).
    """

    api_type: str
    entity: Entity
    words: Mapping[str, Literal["sn", "order_sn"]]
    params: Mapping[str, object] = field(default_factory=dict)
    variants: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ByWindow:
    """Read a window of update time; ask for the detail of every record that changed since it was last asked for."""

    listing: Listing
    lookup: Lookup | None = None


@dataclass(frozen=True)
class ByOrder:
    """Ask about each landed order that changed since; `statuses` limits it to parents in these states (§8.1)."""

    lookup: Lookup
    statuses: tuple[int, ...] | None = None
    follows_after_sales: bool = False


@dataclass(frozen=True)
class ByCatalogue:
    """Read a whole list, bucket by bucket; keep a dated copy; read the children of every record that is not closed."""

    listing: Listing
    buckets: tuple[Mapping[str, object], ...]
    snapshot: Entity | None = None
    children: Listing | None = None
    child_word: str = ""


@dataclass(frozen=True)
class Stream:
    """One thing a shop is read for. `tables` are the raw tables that it lands, its own first."""

    name: str
    description: str
    partitioning: Literal["shop_day", "shop"]
    tables: tuple[str, ...]
    reading: ByWindow | ByOrder | ByCatalogue

    @property
    def operations(self) -> tuple[str, ...]:
        """API types that the shop's token must be allowed to call."""
        reading = self.reading
        if isinstance(reading, ByOrder):
            return (reading.lookup.api_type,)
        second = reading.lookup if isinstance(reading, ByWindow) else reading.children
        return (reading.listing.api_type, *([second.api_type] if second else []))
