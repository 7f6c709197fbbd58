-- Both profits of a month and what lies between them (§6.5). Each cause compares the same money on the two bases, so
-- the causes add up to the difference exactly.
with by_order_month as (
    select
        {{ month_of('order_date') }} as month_start,
        shop_id,
        sum(profit_cny) as order_profit_cny,
        sum(left_out_cny) as left_out_cny,
        sum(refund_cny) as refund_cny,
        sum(inferred_refund_cny) as inferred_refund_cny,
        sum(charges_cny) as charges_cny
    from {{ ref('int_sales__by_currency_day') }}
    group by 1, 2
),

refunds_by_order_month as (
    select {{ month_of('order_date') }} as month_start, shop_id, sum(booked_cny) as refunds_of_orders_cny
    from {{ ref('int_refunds__booked') }}
    group by 1, 2
),

refunds_by_month as (
    select {{ month_of('accounting_date') }} as month_start, shop_id, sum(booked_cny) as booked_refund_cny
    from {{ ref('int_refunds__booked') }}
    group by 1, 2
),

charges_by_month as (
    select {{ month_of('accounting_date') }} as month_start, shop_id, sum(charge_cny) as booked_charges_cny
    from {{ ref('int_order_charges__booked') }}
    group by 1, 2
),

accounts as (
    select month_start, shop_id, sum(amount_cny) as accounting_profit_cny
    from {{ ref('mart_pnl_lines') }}
    group by 1, 2
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

months as (
    select month_start, shop_id from by_order_month
    union
    select month_start, shop_id from accounts
),

compared as (
    select
        months.month_start,
        months.shop_id,
        coalesce(by_order_month.order_profit_cny, 0) as order_profit_cny,
        coalesce(by_order_month.left_out_cny, 0) as left_out_cny,
        coalesce(refunds_by_order_month.refunds_of_orders_cny, 0) - coalesce(refunds_by_month.booked_refund_cny, 0)
            as refund_timing_cny,
        coalesce(by_order_month.refund_cny - by_order_month.inferred_refund_cny, 0)
        - coalesce(refunds_by_order_month.refunds_of_orders_cny, 0) as refund_value_cny,
        coalesce(by_order_month.charges_cny, 0) - coalesce(charges_by_month.booked_charges_cny, 0) as charge_timing_cny,
        coalesce(accounts.accounting_profit_cny, 0) as accounting_profit_cny
    from months
    left join by_order_month using (month_start, shop_id)
    left join refunds_by_order_month using (month_start, shop_id)
    left join refunds_by_month using (month_start, shop_id)
    left join charges_by_month using (month_start, shop_id)
    left join accounts using (month_start, shop_id)
)

select
    compared.month_start,
    compared.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    compared.order_profit_cny::numeric(38, 2) as order_profit_cny,
    compared.left_out_cny::numeric(38, 2) as left_out_cny,
    compared.refund_timing_cny::numeric(38, 2) as refund_timing_cny,
    compared.refund_value_cny::numeric(38, 2) as refund_value_cny,
    compared.charge_timing_cny::numeric(38, 2) as charge_timing_cny,
    (
        compared.accounting_profit_cny - compared.order_profit_cny - compared.left_out_cny - compared.refund_timing_cny
        - compared.refund_value_cny - compared.charge_timing_cny
    )::numeric(38, 2) as unexplained_cny,
    (compared.accounting_profit_cny - compared.order_profit_cny)::numeric(38, 2) as difference_cny,
    compared.accounting_profit_cny::numeric(38, 2) as accounting_profit_cny,
    {{ refreshed_at() }} as _refreshed_at
from compared
inner join shops using (shop_id)
