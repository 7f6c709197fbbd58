-- Cost rows (C1) cut into periods without overlap: for each listing and period the row that rule C2 takes, or, where
-- none is valid, the indicative one of C5. Periods cover all time, so each line of a listing with any valid cost row
-- meets exactly one. One row per (product_id, segment_from).
with versions as (
    {{ newest_per_id(ref('int_product_costs__typed'), 'created_at desc nulls last, effective_from desc, cost_price') }}
),

costs as ( -- C1
    select
        product_id, id, cost_price, {{ n3('currency') }} as currency, effective_from, effective_to, created_at
    from versions
    where product_id is not null
        and cost_price >= 0
        and effective_from is not null
        and (effective_to is null or effective_to > effective_from)
),

boundaries as (
    select product_id, '-infinity'::timestamptz as segment_from from costs
    union
    select product_id, effective_from from costs
    union
    select product_id, effective_to from costs where effective_to is not null
),

segments as (
    select
        product_id,
        segment_from,
        lead(segment_from) over (partition by product_id order by segment_from) as segment_to
    from boundaries
),

candidates as ( -- C2 first; else the latest earlier row; else the earliest row (C5)
    select
        segments.*,
        costs.cost_price,
        costs.currency,
        costs.effective_from <= segments.segment_from
            and (costs.effective_to is null or segments.segment_from < costs.effective_to) as is_valid,
        costs.effective_from <= segments.segment_from as is_earlier,
        costs.effective_from,
        costs.created_at,
        costs.id
    from segments
    inner join costs using (product_id)
),

ranked as (
    select
        *,
        count(*) filter (where is_valid) over (partition by product_id, segment_from) as valid_rows,
        row_number() over (
            partition by product_id, segment_from
            order by
                is_valid desc,
                is_earlier desc,
                case when is_earlier then effective_from end desc nulls last,
                effective_from,
                created_at desc nulls last,
                id desc nulls last
        ) as preference
    from candidates
)

select
    product_id,
    segment_from,
    segment_to,
    is_valid,
    valid_rows > 1 as is_overlap,
    cost_price,
    currency,
    id as cost_id,
    effective_from as cost_from
from ranked
where preference = 1
