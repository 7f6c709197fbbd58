"""Which landed records still want an answer: orders their money, lines their parcels, parcels their scans.

Belongs here: the questions that name what to ask the platform about next. A record wants an answer that is missing or
older than the record's own update; a parcel wants another one from time to time, until its way has ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from psycopg import AsyncConnection, AsyncServerCursor
from psycopg.sql import SQL, Composed, Identifier

from connectors.records import Window

Wanting = tuple[str, str, str | None, datetime]
"""What to ask about: its number, its order's, its case's, the update time (UTC) for which the answer is wanted."""


@dataclass(frozen=True, slots=True)
class Question:
    """About whom (`order`, `line`, `parcel`, `case`, `returned_line`), answered in which table of `raw_temu`.

    `statuses` limits orders or cases to these states, none = all. `follows_after_sales`: an order also counts as
    updated when one of its cases was. A parcel asked about before `asked_before` is asked about again, unless one of
    its scans bears a word of `final`. `spares` asks but once about orders whose parcels were told for their present
    state.
    """

    shop_id: int
    about: str
    table: str
    statuses: Sequence[int] = ()
    follows_after_sales: bool = False
    final: Sequence[str] = ()
    asked_before: datetime | None = None
    spares: bool = False


async def wanting(
    conn: AsyncConnection, question: Question, *, window: Window, chunk: int
) -> AsyncIterator[list[Wanting]]:
    """Records updated in `window` that want an answer, oldest first, in chunks; and orders updated before it whose
    answer was not ready when they were asked about: another reading brought them, whose window will not come again.

    The list is fixed when the first chunk is asked for and waits in the server, so memory stays flat.
    """
    values = _values(question) | {"start": window.start, "end": window.end}
    async with AsyncServerCursor(conn, f"wanting_{question.table}", withhold=True) as cursor:
        await cursor.execute(_query(question, _in_window, _not_ready), values)
        while rows := await cursor.fetchmany(chunk):
            yield rows


async def named_wanting(conn: AsyncConnection, question: Question, *, order_sns: Sequence[str]) -> list[Wanting]:
    """The same for what belongs to orders given by number, whenever it was updated."""
    cursor = await conn.execute(_query(question, _named), _values(question) | {"only": list(order_sns)})
    return await cursor.fetchall()


def _values(question: Question) -> dict[str, object]:
    return {
        "shop": question.shop_id,
        "statuses": list(question.statuses),
        "final": list(question.final),
        "asked_before": question.asked_before,
        "stream": question.table,
    }


Choice = Callable[[SQL], Composed]
"""Which records are looked at, by the alias whose update time counts."""


def _in_window(clock: SQL) -> Composed:
    return SQL("{0}.source_updated_at >= %(start)s and {0}.source_updated_at < %(end)s").format(clock)


def _named(clock: SQL) -> Composed:
    return SQL("{}.parent_order_sn = any(%(only)s)").format(clock)


def _not_ready(clock: SQL) -> Composed:
    return SQL(
        """
        {0}.source_updated_at < %(end)s and {0}.parent_order_sn in (
            select record_key from ops.unanswered where (shop_id, stream, cause) = (%(shop)s, %(stream)s, 'pending')
        )
        """
    ).format(clock)


def _query(question: Question, *choices: Choice) -> Composed:
    sources = [_SOURCES[question.about], *([_ORDERS_OF_CASES] if question.follows_after_sales else [])]
    parts = [
        _part(question, source, choose)
        for source in sources
        for choose in choices
        if choose is not _not_ready or question.about == "order"
    ]
    return SQL(
        "select sn, min(order_sn), min(case_sn), max(wanted_for) from ({}) as w group by 1 order by 4, 1"
    ).format(SQL(" union all ").join(parts))


def _part(question: Question, source: _Source, choose: Choice) -> Composed:
    return source.query.format(
        source=source.tables,
        updated_at=SQL("{}.source_updated_at").format(source.clock),
        answers=Identifier("raw_temu", question.table),
        chosen=choose(source.clock),
        in_status=source.in_status if question.statuses else _ANY,
        untold=_UNTOLD if question.spares else _ANY,
    )


_ANY = SQL("true")


class _Source(NamedTuple):
    """A select of (sn, order_sn, case_sn, wanted_for); `clock` is the alias whose update time counts."""

    clock: SQL
    query: SQL
    in_status: SQL = _ANY
    tables: SQL = _ANY


_ORDER = SQL(
    """
    select o.parent_order_sn as sn, o.parent_order_sn as order_sn, null::text as case_sn, {updated_at} as wanted_for
    from {source} left join {answers} a on (a.shop_id, a.parent_order_sn) = (o.shop_id, o.parent_order_sn)
    where o.shop_id = %(shop)s and {chosen} and {in_status}
        and (a.parent_order_sn is null or a.source_updated_at < {updated_at} and {untold})
    """
)
_UNTOLD = SQL(
    """
    not exists (
        select from raw_temu.shipments s
        where (s.shop_id, s.parent_order_sn) = (o.shop_id, o.parent_order_sn)
            and s.source_updated_at >= o.source_updated_at
            and jsonb_path_exists(s.payload, 'lax $.shipmentInfoDTO[*] ? (@.packageSn != "")')
    )
    """
)

# Payloads are searched with operators that find nothing in an answer of another shape instead of failing.
LINES_OF_ORDER = """
        select entry ->> 'orderSn' as sn, coalesce(entry ->> 'orderStatus', o.status::text) as status
        from jsonb_path_query(o.payload, 'lax $.orderList[*]') as entry
"""
"""(sn, status) of the lines of an order `o`, which has a payload and a status of its own."""
PARCELS_OF_SHIPMENT = """
        select package #>> array[]::text[] as sn
        from jsonb_path_query(
            s.payload, 'lax $.shipmentInfoDTO[*] ? (@.packageSn != "").packageSn'
        ) as package
        union
        select package #>> array[]::text[]
        from jsonb_path_query(
            s.payload, 'lax $.shipmentInfoDTO[*].subPackageShipmentInfoList[*] ? (@.packageSn != "").packageSn'
        ) as package
"""
"""(sn) of the parcels that a shipment answer `s` names."""

_LINE = SQL(
    f"""
    select line.sn, o.parent_order_sn as order_sn, null::text as case_sn, {{updated_at}} as wanted_for
    from raw_temu.orders o
    cross join lateral ({LINES_OF_ORDER}) as line
    left join {{answers}} a on (a.shop_id, a.order_sn) = (o.shop_id, line.sn)
    where o.shop_id = %(shop)s and {{chosen}} and {{in_status}} and line.sn <> ''
        and (a.order_sn is null or a.source_updated_at < {{updated_at}})
    """
)

_PARCEL = SQL(
    f"""
    select parcel.sn, s.parent_order_sn as order_sn, null::text as case_sn, {{updated_at}} as wanted_for
    from raw_temu.shipments s
    cross join lateral ({PARCELS_OF_SHIPMENT}) as parcel
    left join {{answers}} a on (a.shop_id, a.package_sn) = (s.shop_id, parcel.sn)
    where s.shop_id = %(shop)s and {{chosen}} and parcel.sn is not null
        and (
            a.package_sn is null
            or a.source_updated_at < greatest({{updated_at}}, %(asked_before)s) and not exists (
                select from jsonb_path_query(a.payload, 'lax $.trackingInfo[*].logisticsStatus') as status
                where status #>> array[]::text[] = any(%(final)s)
            )
        )
    """
)

_CASE = SQL(
    """
    select c.parent_after_sales_sn as sn, c.parent_order_sn as order_sn, c.parent_after_sales_sn as case_sn,
        {updated_at} as wanted_for
    from raw_temu.after_sales c
    where c.shop_id = %(shop)s and {chosen} and {in_status} and c.parent_order_sn is not null
        and not exists (
            select from {answers} a
            where a.shop_id = c.shop_id and a.parent_after_sales_sn = c.parent_after_sales_sn
                and a.source_updated_at >= {updated_at}
        )
    """
)

_RETURNED_LINE = SQL(
    """
    select l.after_sales_sn as sn, c.parent_order_sn as order_sn, l.parent_after_sales_sn as case_sn,
        {updated_at} as wanted_for
    from raw_temu.after_sales c
    join raw_temu.after_sales_lines l using (shop_id, parent_after_sales_sn)
    left join {answers} a on (a.shop_id, a.after_sales_sn) = (l.shop_id, l.after_sales_sn)
    where c.shop_id = %(shop)s and {chosen} and {in_status} and c.payload ->> 'afterSalesType' = '2'
        and (a.after_sales_sn is null or a.source_updated_at < {updated_at})
    """
)

_ORDER_STATUS, _CASE_STATUS = SQL("o.status = any(%(statuses)s)"), SQL("c.status = any(%(statuses)s)")
_LINE_STATUS = SQL("o.status = any(%(statuses)s) and line.status = any(%(statuses)s::text[])")
_SOURCES: Mapping[str, _Source] = MappingProxyType(
    {
        "order": _Source(SQL("o"), _ORDER, _ORDER_STATUS, SQL("raw_temu.orders o")),
        "line": _Source(SQL("o"), _LINE, _LINE_STATUS),
        "parcel": _Source(SQL("s"), _PARCEL),
        "case": _Source(SQL("c"), _CASE, _CASE_STATUS),
        "returned_line": _Source(SQL("c"), _RETURNED_LINE, _CASE_STATUS),
    }
)
_ORDERS_OF_CASES = _Source(
    SQL("c"),
    _ORDER,
    _ORDER_STATUS,
    SQL("raw_temu.after_sales c join raw_temu.orders o using (shop_id, parent_order_sn)"),
)
