with settled as (
    select
        month_start,
        shop_id,
        count(*) filter (where is_matched) as settled_parents,
        count(*) filter (where is_matched and not has_first_mile_bill) as parents_without_first_mile,
        count(*) filter (where is_matched and not has_last_mile_bill) as parents_without_last_mile,
        count(*) filter (where not is_matched) as unmatched_parents,
        sum(revenue_cny) filter (where not is_matched) as unmatched_revenue_cny
    from {{ ref('mart_profit_statement') }}
    group by month_start, shop_id
),

unmatched_bills as (
    select {{ month_of('charge_date') }} as month_start, shop_id, count(*) as bill_rows, sum(charge_cny) as bills_cny
    from {{ ref('int_order_charges__converted') }}
    where quarantine_reason = 'charge_unallocated'
    group by 1, 2
),

months as (
    select month_start, shop_id from settled
    union
    select month_start, shop_id from unmatched_bills
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    months.month_start,
    months.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    coalesce(settled.settled_parents, 0) as settled_parents,
    coalesce(settled.parents_without_first_mile, 0) as parents_without_first_mile,
    coalesce(settled.parents_without_last_mile, 0) as parents_without_last_mile,
    coalesce(settled.unmatched_parents, 0) as unmatched_parents,
    settled.unmatched_revenue_cny::numeric(38, 2) as unmatched_revenue_cny,
    coalesce(unmatched_bills.bill_rows, 0) as unmatched_bill_rows,
    unmatched_bills.bills_cny::numeric(38, 2) as unmatched_bills_cny,
    {{ refreshed_at() }} as _refreshed_at
from months
inner join shops using (shop_id)
left join settled -- rows without a day stand on the NULL month
    on months.shop_id = settled.shop_id and months.month_start is not distinct from settled.month_start
left join unmatched_bills
    on months.shop_id = unmatched_bills.shop_id and months.month_start is not distinct from unmatched_bills.month_start
