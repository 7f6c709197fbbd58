-- Settlement rows in the reporting currency at the rate of their own day (§6.5), signed by the source. One row per
-- (shop_id, settlement_sn, line_no); `quarantine_reason` says why one counts nowhere (Q). Only the six kinds of money
-- count: a gross receipt that a source lists beside the net one is a memo, and adding it would count the sale twice.
with staged as (
    select *, row_number() over () as source_row
    from {{ ref('int_settlement_lines__typed') }}
),

repeated_keys as ( -- rows without a number are all kept: nothing says that they are one
    select shop_id, settlement_sn, line_no
    from staged
    where settlement_sn is not null and line_no is not null
    group by shop_id, settlement_sn, line_no
    having count(*) > 1
),

marked as (
    select staged.*, repeated_keys.settlement_sn is not null as is_repeated
    from staged
    left join repeated_keys using (shop_id, settlement_sn, line_no)
),

newest as (
    select distinct on (shop_id, settlement_sn, line_no) *
    from marked
    where is_repeated
    order by shop_id, settlement_sn, line_no, settled_at desc nulls last, amount desc nulls last, source_row
),

lines as (
    select * from marked where not is_repeated
    union all
    select * from newest
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }}
),

dated as (
    select
        *,
        lower(line_type) as kind,
        {{ n3('currency') }} as settled_currency,
        {{ reporting_day('settled_at') }} as settled_date
    from lines
)

select
    dated.shop_id,
    dated.settlement_sn,
    dated.line_no,
    coalesce(dated.parent_order_sn, dated.order_sn) as parent_key, -- §3.4, exactly after N1: no part of it is guessed
    dated.kind as line_type,
    dated.settled_date,
    round(dated.amount * {{ fx('dated.settled_currency', 'rates.rate') }}, 2)::numeric(38, 2) as amount_cny,
    case
        when shops.shop_id is null then 'orphan_shop'
        when not shops.is_production then 'sandbox_shop'
        when dated.kind is null or dated.kind not in (
            'sales_receipt', 'sales_reversal', 'freight_receipt', 'freight_reversal', 'subsidy', 'other'
        ) then 'line_type_unknown'
    end as quarantine_reason
from dated
left join shops using (shop_id)
left join rates on dated.settled_currency = rates.currency and dated.settled_date = rates.rate_date
