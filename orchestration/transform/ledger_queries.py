"""The ledger's SQL. Parameters: days `first` … `last`, their instants `start` and `end`, `zone`, `shops`, `built_at`.

Belongs here: one query per stream; each gives a row per shop and business day with the columns that `ledger_counts`
turns into a line: stages under their names, causes under theirs. Keys are compared one by one, so that a missing and a
surplus record never hide each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.postgres.platform_counts import COUNTABLE

BUILT = (
    "intermediate.followed",
    "intermediate.int_order_lines__placed",
    "intermediate.int_refunds__deduplicated",
    "intermediate.int_refunds__attached",
    "marts.fct_order_lines_costed",
    "marts.view_refunds",
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


LANDED_ORDERS = """
    select shop_id, parent_order_sn as key, (order_time at time zone %(zone)s)::date as day, status, loaded_at,
        run_id, source_updated_at, payload
    from raw_temu.orders
    where (%(shops)s::bigint[] is null or shop_id = any(%(shops)s))
        and (order_time >= %(start)s and order_time < %(end)s
            or order_time is null and source_updated_at >= %(start)s and source_updated_at < %(end)s)
"""

ORDERS = StagedQuery(
    f"""
    with landed as ({LANDED_ORDERS}),
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
    f"select shop_id, day, count(*)::int as landed from ({LANDED_ORDERS}) as landed group by 1, 2",
)

# A line is what its order's payload holds it to be; one that is there twice, or in another order, too, is staged once.
_LINES = f"""
    select shop_id, day, key, loaded_at, coalesce(line.sn, '') as sn, count(*)::int as copies
    from ({LANDED_ORDERS}) as landed
    cross join lateral (
        select entry ->> 'orderSn' as sn
        from jsonb_array_elements(
            case jsonb_typeof(payload -> 'orderList') when 'array' then payload -> 'orderList' else '[]' end
        ) as entry
        union all
        select key where payload ? 'order_sn'
    ) as line
    group by 1, 2, 3, 4, 5
"""

ORDER_LINES = StagedQuery(
    f"""
    with lines as materialized ({_LINES}),
    placed as (
        select shop_id, parent_key as key, coalesce(order_sn, '') as sn, count(*)::int as rows,
            min(quarantine_reason) as reason
        from intermediate.int_order_lines__placed
        where order_date between %(first)s - 1 and %(last)s + 1 or order_date is null
        group by 1, 2, 3
    ),
    costed as (
        select shop_id, parent_key as key, coalesce(order_sn, '') as sn, count(*)::int as rows
        from marts.fct_order_lines_costed
        where order_date between %(first)s - 1 and %(last)s + 1
        group by 1, 2, 3
    ),
    judged as (
        select l.shop_id, l.day, l.copies, coalesce(p.rows, 0) as placed, coalesce(c.rows, 0) as costed, p.reason,
            (%(built_at)s is null or l.loaded_at > %(built_at)s) as is_late,
            p.rows is null and l.sn <> '' and exists (
                select from placed o where (o.shop_id, o.sn) = (l.shop_id, l.sn)
            ) as is_elsewhere
        from lines l
        left join placed p using (shop_id, key, sn)
        left join costed c using (shop_id, key, sn)
    ),
    counted as (
        select *, least(placed, copies) as staged, least(placed, copies) - least(costed, placed, copies) as dropped,
            case when is_late then 0 else greatest(placed, costed, copies) - copies end as strays
        from judged
        union all -- what the marts have and the order has not, though nothing of it came after the build
        select o.shop_id, o.day, 0, 0, 0, null, false, false, 0, 0, 1
        from costed c join (select distinct shop_id, key, day, loaded_at from lines) as o using (shop_id, key)
        where o.loaded_at <= %(built_at)s and not exists (
            select from lines l where (l.shop_id, l.key, l.sn) = (c.shop_id, c.key, c.sn)
        )
    )
    select shop_id, day, sum(copies)::int as landed, sum(staged)::int as staged,
        sum(staged - dropped)::int as mart, sum(strays)::int as strays,
        sum(case when is_elsewhere then copies when copies > 0 then copies - greatest(staged, 1) else 0 end)::int
            as repeated,
        (count(*) filter (where copies > 0 and staged = 0 and not is_elsewhere and is_late))::int as late_arrival,
        coalesce(sum(dropped) filter (where reason = 'orphan_shop'), 0)::int as orphan_shop,
        coalesce(sum(dropped) filter (where reason = 'sandbox_shop'), 0)::int as sandbox_shop,
        coalesce(sum(dropped) filter (where reason = 'no_order_time'), 0)::int as no_order_time
    from counted group by 1, 2
    """,
    f"select shop_id, day, sum(copies)::int as landed from ({_LINES}) as lines group by 1, 2",
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

LANDED_CASES = """
    select shop_id, parent_after_sales_sn as key, (created_at at time zone %(zone)s)::date as day, loaded_at,
        run_id, source_updated_at, status, parent_order_sn, payload
    from raw_temu.after_sales
    where (%(shops)s::bigint[] is null or shop_id = any(%(shops)s))
        and (created_at >= %(start)s and created_at < %(end)s
            or created_at is null and source_updated_at >= %(start)s and source_updated_at < %(end)s)
"""

# Loading a row again sets its clock, though what has only changed since the count was there before. Of orders, an
# earlier state tells it; a case that was loaded since may be new.
_WAS_THERE = {
    "orders": """
        select from raw_temu.order_versions v
        where (v.shop_id, v.parent_order_sn) = (r.shop_id, r.parent_order_sn) and v.loaded_at <= c.counted_at
    """,
    "after_sales": "select where false",
}


def reported(stream: str) -> str:
    """The platform's counts of a stream by shop and day, and how many records landed after the count."""
    one = COUNTABLE[stream]
    return f"""
        select c.shop_id, c.day, c.reported, (
            select count(*)::int from raw_temu.{stream} r
            where r.shop_id = c.shop_id and r.loaded_at > c.counted_at
                and r.{one.clock} >= c.day::timestamp at time zone %(zone)s
                and r.{one.clock} < (c.day + 1)::timestamp at time zone %(zone)s
                and not exists ({_WAS_THERE[stream]})
        ) as landed_after
        from ops.platform_counts c
        where c.stream = '{stream}' and c.day between %(first)s and %(last)s
            and (%(shops)s::bigint[] is null or c.shop_id = any(%(shops)s))
    """


# A case is staged under its own number, or under those of its lines as the detail or the list of lines tells them.
AFTER_SALES = StagedQuery(
    f"""
    with landed as ({LANDED_CASES}),
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
        select n.shop_id, n.key, bool_or(v.refund_sn is not null) as is_in_mart,
            case
                when not bool_or(coalesce(r.status = 'completed', false)) then 'not_completed'
                else coalesce(min(a.quarantine_reason), case when not bool_or(a.is_of_priced_sale) then 'no_sale' end)
            end as reason
        from numbers n
        join intermediate.int_refunds__deduplicated r on (r.shop_id, r.refund_sn) = (n.shop_id, n.refund_sn)
        left join intermediate.int_refunds__attached a on (a.shop_id, a.refund_sn) = (n.shop_id, n.refund_sn)
        left join marts.view_refunds v on (v.shop_id, v.refund_sn) = (n.shop_id, n.refund_sn)
        group by 1, 2
    ),
    judged as (
        select shop_id, day, loaded_at, s.key as staged, s.is_in_mart,
            case when not s.is_in_mart then s.reason end as reason
        from landed left join staged s using (shop_id, key)
    )
    select shop_id, day, count(*)::int as landed, count(staged)::int as staged,
        (count(*) filter (where is_in_mart))::int as mart,
        (count(*) filter (where staged is null and (%(built_at)s is null or loaded_at > %(built_at)s)))::int
            as late_arrival,
        (count(*) filter (where reason = 'not_completed'))::int as not_completed,
        (count(*) filter (where reason = 'orphan_shop'))::int as orphan_shop,
        (count(*) filter (where reason = 'sandbox_shop'))::int as sandbox_shop,
        (count(*) filter (where reason = 'refund_unallocated'))::int as refund_unallocated,
        (count(*) filter (where reason = 'no_sale'))::int as no_sale
    from judged group by 1, 2
    """,
    f"select shop_id, day, count(*)::int as landed from ({LANDED_CASES}) as landed group by 1, 2",
)
