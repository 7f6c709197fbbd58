{{ following('months', above='mart_sku_daily_by_manager', keys_above='shop_id, ' ~ month_of('order_date'),
    schema_change='append_new_columns') }}
{{ config(indexes=[{'columns': ['month_label']}]) }} {# screens read a month by its name #}
with days as (
    select *
    from (select *, {{ month_of('order_date') }} as month_start from {{ ref('mart_sku_daily_by_manager') }}) as monthly
    {{ only_touched('months') }}
),

months as (
    select
        month_start, shop_id, manager, sku_code,
        max(product_name) as product_name,
        max(category) as category,
        {{ sum_measures() }}
    from days
    group by month_start, shop_id, manager, sku_code
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    months.month_start,
    {{ month_label('months.month_start') }} as month_label,
    months.shop_id,
    months.manager,
    months.sku_code,
    months.product_name,
    months.category,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    {{ measure_columns('months') }},
    {{ refreshed_at() }} as _refreshed_at
from months
inner join shops using (shop_id)
