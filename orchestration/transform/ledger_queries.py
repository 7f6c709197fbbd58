"""The ledger's SQL. Parameters: days `first` … `last`, their instants `start` and `end`, `zone`, `shops`, `built_at`.

Belongs here: one query per stream; each gives a row per shop and business day with the columns that `ledger_counts`
turns into a line: stages under their names, causes under theirs. Keys are compared one by one, so that a missing and a
surplus record never hide each other.
"""

from __future__ import annotations

from dataclasses import dataclass

BUILT = (
    "intermediate.followed",
    "intermediate.int_order_lines__placed",
    "intermediate.int_refunds__deduplicated",
    "marts.fct_order_lines_costed",
    "marts.dq_quarantined_rows",
)
"""What a build leaves behind; without it the ledger ends with raw."""

# A row that was committed just after a build began carries an earlier loaded_at: its transaction was under way.
BUILT_AT = """
    select greatest(
        (select built_at from intermediate.followed where model = 'fct_order_lines_costed'),
        (select max(_refreshed_at) from marts.dq_quarantined_rows)
    ) - interval '5 minutes' as built_at
"""


@dataclass(frozen=True, slots=True)
class StagedQuery:
    """A question about raw rows and what the build made of them, and the same where nothing was built."""

    with_stages: str
    landed_only: str


_LANDED_ORDERS = """
    select shop_id, parent_order_sn as key, (order_time at time zone %(zone)s)::date as day, status, loaded_at,
        source_updated_at, payload
    from raw_temu.orders
    where (%(shops)s::bigint[] is null or shop_id = any(%(shops)s))
        and (order_time >= %(start)s and order_time < %(end)s
            or order_time is null and source_updated_at >= %(start)s and source_updated_at < %(end)s)
"""

ORDERS = StagedQuery(
    f"""
    with landed as ({_LANDED_ORDERS}),
    staged as (
        select shop_id, parent_key as key, min(quarantine_reason) as reason
        from intermediate.int_order_lines__placed
        where order_date between %(first)s - 1 and %(last)s + 1 or order_date is null
        group by 1, 2
    ),
    mart as (
        select distinct shop_id, parent_key as key from marts.fct_order_lines_costed
        where order_date between %(first)s - 1 and %(last)s + 1
    ),
    judged as (
        select shop_id, day, loaded_at, s.key as staged, m.key as mart, s.reason,
            case when s.key is null then
                case when payload ? 'order_sn' then 1 -- a flat order is its own line
                    when jsonb_typeof(payload -> 'orderList') = 'array' then jsonb_array_length(payload -> 'orderList')
                    else 0 end
            end as lines_of_unstaged
        from landed left join staged s using (shop_id, key) left join mart m using (shop_id, key)
    )
    select shop_id, day, count(*)::int as landed, count(staged)::int as staged, count(mart)::int as mart,
        (count(*) filter (where lines_of_unstaged = 0))::int as no_lines,
        (count(*) filter (where lines_of_unstaged > 0 and (%(built_at)s is null or loaded_at > %(built_at)s)))::int
            as late_arrival,
        (count(*) filter (where staged is not null and mart is null and reason = 'orphan_shop'))::int as orphan_shop,
        (count(*) filter (where staged is not null and mart is null and reason = 'sandbox_shop'))::int as sandbox_shop,
        (count(*) filter (where staged is not null and mart is null and reason = 'no_order_time'))::int as no_order_time
    from judged group by 1, 2
    """,
    f"select shop_id, day, count(*)::int as landed from ({_LANDED_ORDERS}) as landed group by 1, 2",
)

# Lines whose parent is not in raw (any more): nothing explains them.
STRAYS = """
    select shop_id, order_date as day, count(distinct parent_key)::int as strays
    from marts.fct_order_lines_costed f
    where order_date between %(first)s and %(last)s and (%(shops)s::bigint[] is null or shop_id = any(%(shops)s))
        and not exists (
            select from raw_temu.orders o where (o.shop_id, o.parent_order_sn) = (f.shop_id, f.parent_key)
        )
    group by 1, 2
"""

REPORTED = """
    select c.shop_id, c.order_date as day, c.reported_orders as reported, (
        select count(*)::int from raw_temu.orders o
        where o.shop_id = c.shop_id and o.loaded_at > c.counted_at
            and o.order_time >= c.order_date::timestamp at time zone %(zone)s
            and o.order_time < (c.order_date + 1)::timestamp at time zone %(zone)s
    ) as landed_after
    from ops.platform_order_counts c
    where c.order_date between %(first)s and %(last)s and (%(shops)s::bigint[] is null or c.shop_id = any(%(shops)s))
"""

_LANDED_CASES = """
    select shop_id, parent_after_sales_sn as key, (source_updated_at at time zone %(zone)s)::date as day, loaded_at
    from raw_temu.after_sales
    where source_updated_at >= %(start)s and source_updated_at < %(end)s
        and (%(shops)s::bigint[] is null or shop_id = any(%(shops)s))
"""

# A case is staged under its own number, or under those of its lines as the detail or the list of lines tells them.
AFTER_SALES = StagedQuery(
    f"""
    with landed as ({_LANDED_CASES}),
    numbers as (
        select shop_id, key, key as refund_sn from landed
        union
        select l.shop_id, l.key, c.after_sales_sn
        from landed l join raw_temu.after_sales_lines c on (c.shop_id, c.parent_after_sales_sn) = (l.shop_id, l.key)
        union
        select l.shop_id, l.key, sn #>> '{{}}'
        from landed l join raw_temu.after_sales_details d on (d.shop_id, d.parent_after_sales_sn) = (l.shop_id, l.key),
            jsonb_path_query(d.payload, '$.afterSalesList[*].afterSalesSn') as sn
    ),
    staged as (
        select distinct n.shop_id, n.key from numbers n
        join intermediate.int_refunds__deduplicated r on (r.shop_id, r.refund_sn) = (n.shop_id, n.refund_sn)
    )
    select shop_id, day, count(*)::int as landed, count(s.key)::int as staged,
        (count(*) filter (where s.key is null and (%(built_at)s is null or loaded_at > %(built_at)s)))::int
            as late_arrival
    from landed left join staged s using (shop_id, key) group by 1, 2
    """,
    f"select shop_id, day, count(*)::int as landed from ({_LANDED_CASES}) as landed group by 1, 2",
)


def answers(table: str) -> str:
    """Orders that want an answer in `table`, those that have one, and why others have none; by day of the order.

    Further parameters: the `stream`, the `statuses` to which it is limited (None = none), and the dialects that do not
    know it (`unspoken`).
    """
    return f"""
    with landed as ({_LANDED_ORDERS}),
    task as (
        select distinct on (shop_id) shop_id, skipped, rows_not_ready, started_at
        from ops.sync_tasks where stream = %(stream)s and status = 'completed' and mode in ('live', 'window')
        order by shop_id, started_at desc
    ),
    judged as (
        select l.shop_id, l.day, a.parent_order_sn as answer, t.skipped, t.rows_not_ready, d.id as letter,
            t.started_at is null or l.loaded_at > t.started_at - interval '5 minutes' as not_asked,
            a.parent_order_sn is null and s.dialect = any(%(unspoken)s) as is_not_offered
        from landed l
        join ops.shops s on s.id = l.shop_id
        left join raw_temu.{table} a on (a.shop_id, a.parent_order_sn) = (l.shop_id, l.key)
        left join task t on t.shop_id = l.shop_id
        left join lateral (
            select id from ops.dead_letters
            where (shop_id, stream, entity, record_key) = (l.shop_id, %(stream)s, '{table}', l.key)
                and resolved_at is null
            limit 1
        ) d on a.parent_order_sn is null
        where a.parent_order_sn is not null
            or %(statuses)s::int[] is null or l.status = any(%(statuses)s)
    )
    select shop_id, day, count(*)::int as wanted, count(answer)::int as landed,
        count(letter)::int as set_aside, (count(*) filter (where is_not_offered))::int as not_offered,
        (count(*) filter (where answer is null and letter is null and skipped is not null))::int as forbidden,
        least(
            count(*) filter (where answer is null and letter is null and skipped is null and not not_asked),
            max(rows_not_ready)
        )::int as not_ready,
        (count(*) filter (
            where answer is null and letter is null and skipped is null and not_asked and not is_not_offered
        ))::int as not_asked
    from judged group by 1, 2
    """
