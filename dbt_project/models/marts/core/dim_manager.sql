with held as (
    select manager, count(*) as managed_products
    from {{ ref('int_products__deduplicated') }}
    where is_production and manager is not null
    group by manager
),

sold as (
    select manager, min(order_date) as first_order_date, max(order_date) as last_order_date
    from {{ ref('fct_order_lines_costed') }}
    group by manager
),

targeted as (
    select distinct manager from {{ ref('int_sales_targets__resolved') }}
),

managers as (
    select manager from held
    union
    select manager from sold
    union
    select manager from targeted
)

select
    managers.manager,
    coalesce(held.managed_products, 0) as managed_products,
    sold.first_order_date,
    sold.last_order_date,
    {{ refreshed_at() }} as _refreshed_at
from managers
left join held using (manager)
left join sold using (manager)
