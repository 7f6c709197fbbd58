"""The ledger's SQL about answers: what wants one, what has one, and the one cause for which another has none.

Belongs here: a query per stream that asks about landed records, by the day on which an order was placed or a case
opened. Parameters are those of `ledger_queries` and the `stream`, the `statuses` to which it is limited (None = none),
the dialects that do not know it (`unspoken`), and whether it is limited to what changed lately (`recent`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connectors.postgres.wanting import LINES_OF_ORDER, PARCELS_OF_SHIPMENT
from connectors.temu.streams.shapes import Subject
from orchestration.transform.ledger_queries import LANDED_CASES, LANDED_ORDERS

# Each gives shop, day, number, when it landed and by which run, the update for which its answer is wanted, and whether
# one is wanted.
_ABOUT: Mapping[Subject, str] = MappingProxyType(
    {
        "order": f"""
            select shop_id, day, key, loaded_at, run_id, source_updated_at as updated_at,
                %(statuses)s::int[] is null or status = any(%(statuses)s) as is_wanted
            from ({LANDED_ORDERS}) as landed
        """,
        "line": f"""
            select distinct on (shop_id, line.sn) shop_id, day, line.sn as key, loaded_at, run_id,
                source_updated_at as updated_at,
                o.status = any(%(statuses)s) and line.status = any(%(statuses)s::text[]) as is_wanted
            from ({LANDED_ORDERS}) as o
            cross join lateral ({LINES_OF_ORDER}) as line
            where line.sn <> ''
            order by shop_id, line.sn, source_updated_at desc
        """,
        "parcel": f"""
            select s.shop_id, min(l.day) as day, parcel.sn as key, max(s.loaded_at) as loaded_at,
                max(s.run_id) as run_id, max(s.source_updated_at) as updated_at, true as is_wanted
            from ({LANDED_ORDERS}) as l
            join raw_temu.shipments s on (s.shop_id, s.parent_order_sn) = (l.shop_id, l.key)
            cross join lateral ({PARCELS_OF_SHIPMENT}) as parcel
            where parcel.sn is not null
            group by s.shop_id, parcel.sn
        """,
        "case": f"""
            select shop_id, day, key, loaded_at, run_id, source_updated_at as updated_at,
                parent_order_sn is not null as is_wanted
            from ({LANDED_CASES}) as landed
        """,
        "returned_line": f"""
            select c.shop_id, c.day, l.after_sales_sn as key, greatest(c.loaded_at, l.loaded_at) as loaded_at,
                l.run_id, c.source_updated_at as updated_at,
                c.parent_order_sn is not null and c.status = any(%(statuses)s)
                    and c.payload ->> 'afterSalesType' = '2' as is_wanted
            from ({LANDED_CASES}) as c
            join raw_temu.after_sales_lines l on (l.shop_id, l.parent_after_sales_sn) = (c.shop_id, c.key)
        """,
    }
)
_KEYS: Mapping[Subject, str] = MappingProxyType(
    {
        "order": "parent_order_sn",
        "line": "order_sn",
        "parcel": "package_sn",
        "case": "parent_after_sales_sn",
        "returned_line": "after_sales_sn",
    }
)
# A letter of a case's line bears the number of the line; whose it is stands in its text, which need not be JSON.
_CASE_OF_LETTER = """coalesce(substring(payload from '"parentAfterSalesSn"\\s*:\\s*"([^"]+)"'), record_key)"""

STAGED: Mapping[str, str] = MappingProxyType(
    {"order_amounts": "staging.base_temu__order_line_amounts", "order_details": "staging.base_temu__destinations"}
)
"""Where staging unpacks an answer to, by its stream."""


def answers(about: Subject, table: str, *, staged: str | None = None) -> str:
    """What of a kind of record wants an answer in `table`, how many have one, and are in the relation `staged`.

    A missing answer counts under one cause: the first that applies. Live readings tell how far the stream has come; a
    shop that has none yet is judged by its last window.
    """
    letter = _CASE_OF_LETTER if about == "case" else "record_key"
    return f"""
    with wanted as materialized ({_ABOUT[about]}),
    answered as (
        select shop_id, {_KEYS[about]} as key, max(loaded_at) as loaded_at
        from raw_temu.{table} where (shop_id, {_KEYS[about]}) in (select shop_id, key from wanted)
        group by 1, 2
    ),
    letters as (
        select distinct shop_id, {letter} as key from ops.dead_letters
        where stream = %(stream)s and entity = '{table}' and resolved_at is null
    ),
    told as (select shop_id, record_key, cause from ops.unanswered where stream = %(stream)s),
    readings as (
        select distinct on (shop_id) shop_id, started_at,
            range_agg(tstzrange(window_start, window_end)) over (partition by shop_id) as spans
        from ops.sync_tasks
        where stream = %(stream)s and status = 'completed' and mode in ('live', 'window') and window_end >= %(start)s
        order by shop_id, mode = 'live' desc, started_at desc
    ),
    yet_to_ask as ( -- a long window lands all its records before this stream asks about the first of them
        select shop_id, run_id from ops.sync_tasks
        where status = 'running' or finished_at > now() - interval '5 minutes'
        except
        select shop_id, run_id from ops.sync_tasks where stream = %(stream)s and status <> 'running'
    ),
    judged as (
        select w.shop_id, w.day, a.key as answer, w.key, a.loaded_at as answered_at,
            case
                when a.key is not null then null
                when d.key is not null then 'set_aside'
                when s.dialect = any(%(unspoken)s) then 'not_offered'
                when u.cause is not null then u.cause
                when e.cause is not null then e.cause
                when r.started_at is null or w.loaded_at > r.started_at - interval '5 minutes' then 'not_asked'
                when y.run_id is not null then 'not_asked'
                when %(recent)s and not r.spans @> w.updated_at then 'out_of_reach'
            end as cause
        from wanted w
        join ops.shops s on s.id = w.shop_id
        left join answered a using (shop_id, key)
        left join letters d on (d.shop_id, d.key) = (w.shop_id, w.key)
        left join told u on (u.shop_id, u.record_key) = (w.shop_id, w.key)
        left join told e on (e.shop_id, e.record_key) = (w.shop_id, '')
        left join readings r on r.shop_id = w.shop_id
        left join yet_to_ask y on (y.shop_id, y.run_id) = (w.shop_id, w.run_id)
        where w.is_wanted or a.key is not null
    )
    select shop_id, day, count(*)::int as wanted, count(answer)::int as landed,
        (count(*) filter (where cause = 'set_aside'))::int as set_aside,
        (count(*) filter (where cause = 'not_offered'))::int as not_offered,
        (count(*) filter (where cause = 'forbidden'))::int as forbidden,
        (count(*) filter (where cause = 'pending'))::int as not_ready,
        (count(*) filter (where cause = 'empty'))::int as nothing_told,
        (count(*) filter (where cause = 'not_asked'))::int as not_asked,
        (count(*) filter (where cause = 'out_of_reach'))::int as out_of_reach
        {_STAGED_COUNTS if staged else ""}
    from judged {_staged_rows(table, staged) if staged else ""}
    group by 1, 2
    """


# Answers that staging has, and why it lacks others: they hold no line, or came after the build.
_STAGED_COUNTS = """,
        (count(*) filter (where answer is not null and staged.key is not null))::int as staged,
        (count(*) filter (where answer is null and staged.key is not null))::int as strays,
        (count(*) filter (where answer is not null and staged.key is null and not holds_lines))::int as no_lines,
        (count(*) filter (where answer is not null and staged.key is null and holds_lines
            and (%(built_at)s is null or answered_at > %(built_at)s)))::int as late_arrival
"""


def _staged_rows(table: str, staged: str) -> str:
    # A payload is looked at only where staging has nothing of it.
    holds_lines = (
        """jsonb_path_exists(a.payload, 'lax $.orderList[*] ? (exists (@.orderSn))')"""
        if table == "order_amounts"
        else "true"
    )
    return f"""
    left join (select distinct shop_id, parent_order_sn as key from {staged}) as staged using (shop_id, key)
    left join lateral (
        select {holds_lines} as holds_lines from raw_temu.{table} a
        where (a.shop_id, a.parent_order_sn) = (judged.shop_id, judged.answer) and staged.key is null
    ) as looked_at on true
    """
