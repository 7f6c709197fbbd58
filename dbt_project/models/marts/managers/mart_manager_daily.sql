{{ following('days', above='mart_sku_daily_by_manager', schema_change='append_new_columns') }}
{{ config(indexes=[{'columns': ['month_label']}]) }} {# screens read a month by its name #}
with days as (
    select * from {{ ref('mart_sku_daily_by_manager') }} {{ only_touched('days') }}
)

select
    order_date,
    {{ month_label('order_date') }} as month_label,
    shop_id,
    manager,
    shop_name,
    region,
    entity,
    business_model,
    {{ sum_measures(['units_sold', 'gmv_cny', 'net_revenue_cny', 'profit_cny']) }},
    {{ refreshed_at() }} as _refreshed_at
from days
group by order_date, shop_id, manager, shop_name, region, entity, business_model
