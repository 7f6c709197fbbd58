with sales as (
    select * from {{ ref('int_sales__by_currency_day') }}
),

refunds as (
    select * from {{ ref('int_refunds__booked') }}
),

charges as (
    select * from {{ ref('int_order_charges__booked') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

pnl_lines as (
    select * from {{ ref('pnl_lines') }}
),

entries as (
    select sales.order_date as accounting_date, sales.shop_id, entry.pnl_line, entry.amount_cny, entry.skipped_rows
    from sales
    cross join lateral (
        values
        ('gmv', sales.gmv_cny, sales.unpriced_lines),
        ('refunds', -sales.inferred_refund_cny, sales.unknown_inferred_refunds), -- R3: no case says when
        ('cogs', -sales.cogs_cny, sales.uncosted_lines),
        ('platform_fee', -sales.platform_fee_cny, sales.unpriced_lines),
        ('payment_fee', -sales.payment_fee_cny, sales.unpriced_lines)
    ) as entry (pnl_line, amount_cny, skipped_rows)
    union all
    select accounting_date, shop_id, 'refunds', -booked_cny, (booked_cny is null)::integer
    from refunds
    union all
    select accounting_date, shop_id, charge_type, -charge_cny, 0 -- costs are positive there, income negative
    from charges
),

booked as (
    select
        accounting_date,
        shop_id,
        pnl_line,
        coalesce(sum(amount_cny), 0)::numeric(38, 2) as amount_cny,
        sum(skipped_rows)::bigint as skipped_rows
    from entries
    where amount_cny <> 0 or skipped_rows > 0
    group by accounting_date, shop_id, pnl_line
)

select
    booked.accounting_date,
    {{ month_of('booked.accounting_date') }} as month_start,
    booked.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    booked.pnl_line,
    pnl_lines.line_no,
    pnl_lines.pnl_line_name,
    pnl_lines.section,
    pnl_lines.section_no,
    pnl_lines.section_name,
    booked.amount_cny,
    booked.skipped_rows,
    booked.accounting_date <= {{ as_of_date() }} as is_complete,
    {{ refreshed_at() }} as _refreshed_at
from booked
inner join shops using (shop_id)
inner join pnl_lines using (pnl_line)
