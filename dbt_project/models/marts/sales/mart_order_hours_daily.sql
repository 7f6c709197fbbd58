{{ following('days', above='int_parents__summed', schema_change='append_new_columns') }}
{{ config(indexes=[{'columns': ['order_date']}]) }} {# screens read spans of days #}
with parents as (
    select * from {{ ref('int_parents__summed') }}
    where sale_lines > 0 {{ only_touched('days', word='and') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

counted as (
    select order_date, shop_id, order_weekday_local, order_hour_local, count(*) as orders
    from parents
    group by order_date, shop_id, order_weekday_local, order_hour_local
)

select
    counted.order_date,
    counted.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    counted.order_weekday_local,
    counted.order_hour_local,
    counted.orders,
    {{ refreshed_at() }} as _refreshed_at
from counted
inner join shops using (shop_id)
