"""The ledger's counts: what the platform reported, what is in raw, in what was built, and why they differ.

Belongs here: the questions to the warehouse, one per stream, and putting their answers together. The sums are
`connectors.completeness.ledger`. `staged` is what staging gave to the last build, which keeps every such row with the
reason for which it is quarantined; of payloads the ledger reads only how many lines they hold.
Catalogues need no line: each reading of theirs proves its own total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connectors.completeness.days import BUSINESS_ZONE, window_of_business_days
from connectors.completeness.ledger import Cause, Entry
from connectors.postgres.platform_counts import set_aside_query
from connectors.shops import DIALECTS
from connectors.temu.streams import STREAMS, ByOrder, Stream
from orchestration.transform import ledger_queries as queries
from orchestration.transform.ledger_answers import STAGED, answers

Row = Mapping[str, Any]
MISSING = {
    "landed": (
        Cause.NOT_OFFERED,
        Cause.FORBIDDEN,
        Cause.NOT_READY,
        Cause.NOTHING_TOLD,
        Cause.NOT_ASKED,
        Cause.OUT_OF_REACH,
    ),
    "staged": (Cause.NO_LINES, Cause.REPEATED, Cause.LATE_ARRIVAL),
    "mart": (
        Cause.ORPHAN_SHOP,
        Cause.SANDBOX_SHOP,
        Cause.NO_ORDER_TIME,
        Cause.NOT_COMPLETED,
        Cause.REFUND_UNALLOCATED,
        Cause.NO_SALE,
    ),
}
"""Per step, the causes that a query counts under their own names (with underscores)."""


def read_ledger(database_url: str, *, first: date, last: date, shop_ids: Collection[int] | None = None) -> list[Entry]:
    """The lines of all streams for the business days `first` … `last` (Asia/Shanghai), by shop, day and stream."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        # One picture of all stages: what lands meanwhile belongs to the next ledger.
        connection.execute("set transaction isolation level repeatable read read only")
        ledger = _Ledger(connection, first, last, shop_ids)
        entries = [*ledger.orders(), *ledger.order_lines(), *ledger.after_sales()]
        for stream in STREAMS.values():
            if isinstance(stream.reading, ByOrder):
                entries += ledger.answers(stream, stream.reading)
    return sorted(entries, key=lambda one: (one.shop_id, one.day or date.min, one.stream))


class _Ledger:
    """One reading of the warehouse."""

    def __init__(
        self, connection: psycopg.Connection[Any], first: date, last: date, shop_ids: Collection[int] | None
    ) -> None:
        self._connection = connection
        window = window_of_business_days(first, last)
        self._asked = {
            "zone": BUSINESS_ZONE,
            "first": first,
            "last": last,
            "start": window.start,
            "end": window.end,
            "shops": None if shop_ids is None else list(shop_ids),
        }
        self._names = {row["id"]: row["shop_name"] for row in self._rows("select id, shop_name from ops.shops")}
        self._built = all(self._exists(relation) for relation in queries.BUILT)
        if self._built:
            self._asked["built_at"] = self._rows(queries.BUILT_AT)[0]["built_at"]

    def orders(self) -> Iterator[Entry]:
        """Parent orders, from the platform's count to the costed lines."""
        return self._counted("orders", queries.ORDERS, self._strays())

    def order_lines(self) -> Iterator[Entry]:
        """Child orders as the payloads of their parents hold them, to the costed lines."""
        for row in self._rows(self._of_built(queries.ORDER_LINES)):
            yield self._entry("order_lines", row)

    def after_sales(self) -> Iterator[Entry]:
        """After-sales cases, from the platform's count to the refunds that the marts show."""
        return self._counted("after_sales", queries.AFTER_SALES, {})

    def _counted(
        self, stream: str, query: queries.StagedQuery, strays: Mapping[tuple[int, date | None], int]
    ) -> Iterator[Entry]:
        """Records that the platform counts by the day on which they came into being."""
        reported = {(row["shop_id"], row["day"]): row for row in self._rows(queries.reported(stream))}
        aside = {(row["shop_id"], row["day"]): row["set_aside"] for row in self._rows(set_aside_query(stream))}
        landed = {(row["shop_id"], row["day"]): row for row in self._rows(self._of_built(query))}
        nothing = {"landed": 0} | ({"staged": 0, "mart": 0} if self._built else {})
        for shop_id, day in {*reported, *aside, *strays, *landed}:
            count = reported.get((shop_id, day))
            yield self._entry(
                stream,
                landed.get((shop_id, day), {"shop_id": shop_id, "day": day, **nothing}),
                reported=count["reported"] if count else None,
                set_aside=aside.get((shop_id, day), 0),
                strays=strays.get((shop_id, day), 0),
                after_count=count["landed_after"] if count else 0,
            )

    def answers(self, stream: Stream, reading: ByOrder) -> Iterator[Entry]:
        """Answers about what has landed: each record that wants one has one, or it is known why not."""
        staged = STAGED.get(stream.name)
        is_staged = self._built and staged is not None and self._exists(staged)
        query = answers(reading.about, reading.lookup.entity.table, staged=staged if is_staged else None)
        values = {
            "stream": stream.name,
            "statuses": list(reading.statuses) or None,
            "unspoken": [dialect for dialect in DIALECTS if stream.spoken(dialect) is None],
            "recent": reading.recent,
        }
        for row in self._rows(query, **values):
            yield self._entry(stream.name, row, reported=row["wanted"], set_aside=row["set_aside"])

    def _strays(self) -> dict[tuple[int, date | None], int]:
        if not self._built:
            return {}
        return {(row["shop_id"], row["day"]): row["strays"] for row in self._rows(queries.STRAYS)}

    def _entry(
        self,
        stream: str,
        row: Row,
        *,
        reported: int | None = None,
        set_aside: int = 0,
        strays: int = 0,
        after_count: int = 0,
    ) -> Entry:
        missing: dict[str, dict[Cause, int]] = defaultdict(dict)
        for step, causes in MISSING.items():
            for cause in causes:
                if count := row.get(cause.name.lower()):
                    missing[step][cause] = count
        missing["landed"][Cause.DEAD_LETTER] = set_aside
        return Entry(
            shop_id=row["shop_id"],
            shop_name=self._names.get(row["shop_id"], f"shop {row['shop_id']}"),
            day=row["day"],
            stream=stream,
            reported=reported,
            landed=row["landed"],
            set_aside=set_aside,
            staged=row.get("staged"),
            mart=row.get("mart"),
            strays=row.get("strays", strays),
            missing=missing,
            surplus={"landed": {Cause.AFTER_COUNT: after_count}},
        )

    def _of_built(self, query: queries.StagedQuery) -> str:
        return query.with_stages if self._built else query.landed_only

    def _exists(self, relation: str) -> bool:
        return bool(self._rows("select to_regclass(%(relation)s) is not null as found", relation=relation)[0]["found"])

    def _rows(self, query: str, **more: object) -> list[dict[str, Any]]:
        return self._connection.execute(query, {**self._asked, **more}).fetchall()
