"""What a stream is: the ways of reading and the words that an operation wants to hear.

Belongs here: the vocabulary in which the modules beside this one are written. How a way of reading is done:
`connectors.temu.extract`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Literal

from connectors.temu.entities import Entity
from connectors.temu.streams.questions import Bounds, ByIds, ByLocalDay, ByTask, IdQuery, Ids, Source

__all__ = [
    "ROUTERS",
    "Batch",
    "Bounds",
    "ByCatalogue",
    "ByIds",
    "ByLocalDay",
    "ByOrder",
    "ByTask",
    "ByWindow",
    "IdQuery",
    "Ids",
    "Listing",
    "Lookup",
    "Reading",
    "Source",
    "Stream",
    "Subject",
]


@dataclass(frozen=True)
class Listing:
    """An operation that answers page by page. `window` is its time filter.

    `clock` is the typed column that the bounds are about; None = the record's update time. `by_token`: pages are not
    numbered, each answer names the next one in `pagination.nextToken` (§10.2).
    Without `page_word` one answer holds everything; without `rows_word` the answer itself is the list; without
    `total_word` there are as many records as came.
    """

    api_type: str
    entity: Entity
    page_word: str = ""
    page_size: int = 100
    total_word: str = ""
    rows_word: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    window: Bounds | None = None
    leaf_rows: int = 1000
    clock: int | None = None
    size_word: str = "pageSize"
    by_token: bool = False


Word = Literal["sn", "order_sn", "case_sn"]
"""An attribute of `connectors.temu.lookups.Parent`."""


@dataclass(frozen=True)
class Lookup:
    """An operation that answers about one landed record. `words` maps its parameters to attributes of `Parent`.

    `variants` names other operations by the region id inside the order number, `PO-<region>-…` (§9.2, §9.3).
    `told` are attributes of `Parent` that follow the typed columns. `by_read`: the answer moves while the record stands
    still, so it is dated by the instant of the read. `caveat` names a list of texts that says, while it holds any, that
    the platform is still computing.
    """

    api_type: str
    entity: Entity
    words: Mapping[str, Word]
    params: Mapping[str, object] = field(default_factory=dict)
    variants: Mapping[int, str] = field(default_factory=dict)
    told: tuple[Word, ...] = ()
    by_read: bool = False
    caveat: str = ""


@dataclass(frozen=True)
class Batch:
    """A listing that answers about up to `size` landed records, whose numbers stand in its parameter `word`.

    The first typed column of its entity holds the number that was asked for.
    """

    listing: Listing
    word: str
    size: int

    @property
    def api_type(self) -> str:
        """The operation."""
        return self.listing.api_type

    @property
    def entity(self) -> Entity:
        """What it answers with."""
        return self.listing.entity


@dataclass(frozen=True)
class ByWindow:
    """Read a window of update time; ask for the detail of every record that changed since it was last asked for.

    A live window reaches back `settle` where records change without moving on the clock of the listing.
    """

    listing: Listing
    lookup: Lookup | None = None
    settle: timedelta | None = None


Subject = Literal["order", "line", "parcel", "case", "returned_line"]
"""What is asked about: parent orders, child orders, packages, after-sales cases, their lines that come back."""


@dataclass(frozen=True)
class ByOrder:
    """Ask about each landed order, or what belongs to it (`about`), that changed since it was last asked about.

    `statuses` limits it to orders or cases in these states (§8.1, §13.1), `recent` a live run to orders of the last
    `OMNI_PARCEL_DAYS`. A parcel is asked about again every `OMNI_TRACKING_HOURS`, until one of the words of `final`.
    `spares` asks but once about orders whose parcels another stream has told for their present state.
    """

    lookup: Lookup | Batch
    about: Subject = "order"
    statuses: tuple[int, ...] = ()
    follows_after_sales: bool = False
    recent: bool = False
    final: tuple[str, ...] = ()
    spares: bool = False


@dataclass(frozen=True)
class ByCatalogue:
    """Read a whole list, bucket by bucket; keep a dated copy; read the children of every record that is not closed.

    `region_word` asks once for each region that the shop sells to; the region leads the key. `settles_after`: the list
    is sorted newest first and its records stand still after so long: stop at a page that was seen before that.
    `may_empty`: what it lists goes away in the course of business, all of it at times.
    """

    listing: Listing
    buckets: tuple[Mapping[str, object], ...] = ({},)
    snapshot: Entity | None = None
    children: Listing | None = None
    child_word: str = ""
    region_word: str = ""
    settles_after: timedelta | None = None
    may_empty: bool = False


ROUTERS = ("US", "EU", "GLOBAL")
"""The gateways that serve orders (§1); PARTNER and CN serve the goods of cross-border sellers."""


Reading = ByWindow | ByOrder | ByCatalogue | ByIds | ByLocalDay | ByTask


@dataclass(frozen=True)
class Stream:
    """One thing a shop is read for. `tables` are the raw tables that it lands, its own first.

    `otherwise` is how it is read where the token lacks the first way. `gateways` offer it; a shop without a token on
    one of them is not read for it. `rhythm` is that of streams by shop. `reads` names streams that tell what to ask.
    `rest` is how shops of that dialect are read (§17); None = their gateway does not know it. `by_creation` reads the
    same records by the time at which they came into being: what a closed day holds never changes and can be counted.
    """

    name: str
    description: str
    partitioning: Literal["shop_day", "shop"]
    tables: tuple[str, ...]
    reading: Reading
    otherwise: Reading | None = None
    gateways: tuple[str, ...] = ROUTERS
    rhythm: Literal["hourly", "daily"] = "hourly"
    reads: tuple[str, ...] = ()
    rest: Reading | None = None
    by_creation: ByWindow | None = None

    def spoken(self, dialect: str) -> Stream | None:
        """This stream as shops of a dialect are read for it; None if theirs does not know it."""
        if dialect == "router":
            return self
        if self.rest is None:
            return None
        # A list by window of that dialect knows no other clock (§17).
        by_creation = self.rest if isinstance(self.rest, ByWindow) else None
        return replace(self, reading=self.rest, otherwise=None, by_creation=by_creation)

    def is_offered_to(self, gateway: str) -> bool:
        """Whether shops on this gateway can be read for it at all."""
        return gateway in self.gateways

    def is_own_of(self, gateway: str, dialect: str) -> bool:
        """Whether a shop on this gateway that speaks this dialect is read for it by its own token."""
        return self.spoken(dialect) is not None and self.is_offered_to(gateway)

    def is_extra_to(self, gateway: str) -> bool:
        """Whether shops of this gateway of orders have all that is theirs without it: other gateways serve it."""
        return gateway in ROUTERS and not self.is_offered_to(gateway)

    def missing_from(self, scopes: Collection[str]) -> tuple[str, ...]:
        """Operations that a token with these scopes lacks for this stream; none if it may be read the other way."""
        missing = tuple(one for one in self.operations if one not in scopes)
        if self.otherwise and all(one in scopes for one in _operations(self.otherwise)):
            return ()
        return missing

    @property
    def operations(self) -> tuple[str, ...]:
        """API types that the shop's token must be allowed to call."""
        return _operations(self.reading)

    @property
    def variants(self) -> tuple[str, ...]:
        """Other API types that it calls for some sites; only shops that sell there need them."""
        lookup = self.reading.lookup if isinstance(self.reading, (ByOrder, ByWindow)) else None
        return tuple(dict.fromkeys(lookup.variants.values())) if isinstance(lookup, Lookup) else ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Streams whose landed records tell this one what to ask for."""
        if not isinstance(self.reading, ByOrder):
            return self.reads
        if self.reading.follows_after_sales:
            return ("orders", "after_sales")
        if self.reading.spares:
            return ("orders", "shipments")
        return _SOURCES[self.reading.about]

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Every kind of record that this stream reads."""
        parts = (getattr(self.reading, part.name) for part in fields(self.reading))
        owners = [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]
        found = [one if isinstance(one, Entity) else getattr(one, "entity", None) for one in owners]
        return tuple(one for one in found if isinstance(one, Entity))

    def entities_of(self, table: str) -> tuple[Entity, ...]:
        """The kinds of record that land in a table of this stream, however it is read; the usual one first."""
        others = (one for one in (self.otherwise, self.rest) if one)
        variants = (self, *(replace(self, reading=one, otherwise=None, rest=None) for one in others))
        return tuple(entity for one in variants for entity in one.entities if entity.table == table)

    def entity_of(self, table: str) -> Entity:
        """The kind of record that lands in a table of this stream. LookupError if none does."""
        for entity in self.entities:
            if entity.table == table:
                return entity
        raise LookupError(f"stream {self.name} reads nothing into {table}")


_SOURCES: Mapping[Subject, tuple[str, ...]] = {
    "order": ("orders",),
    "line": ("orders",),
    "parcel": ("shipments",),
    "case": ("after_sales",),
    "returned_line": ("after_sales", "after_sales_lines"),
}


def _operations(reading: Reading) -> tuple[str, ...]:
    if isinstance(reading, (ByIds, ByLocalDay, ByTask)):
        return reading.operations
    if isinstance(reading, ByOrder):
        return (reading.lookup.api_type,)
    second = reading.lookup if isinstance(reading, ByWindow) else reading.children
    return (reading.listing.api_type, *([second.api_type] if second else []))
