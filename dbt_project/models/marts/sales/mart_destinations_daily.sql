{{ following('days', above='int_parents__summed', schema_change='append_new_columns') }}
{{ config(indexes=[{'columns': ['order_date']}]) }} {# screens read spans of days #}
with parents as (
    select * from {{ ref('int_parents__summed') }}
    where sale_lines > 0 {{ only_touched('days', word='and') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

summed as (
    select
        order_date,
        shop_id,
        shipping_country,
        shipping_state,
        shipping_state_code,
        count(*) as orders,
        sum(units_sold)::bigint as units_sold,
        coalesce(sum(gmv_cny), 0)::numeric(38, 2) as gmv_cny
    from parents
    group by order_date, shop_id, shipping_country, shipping_state, shipping_state_code
)

select
    summed.order_date,
    summed.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    summed.shipping_country,
    summed.shipping_state,
    summed.shipping_state_code,
    summed.orders,
    summed.units_sold,
    summed.gmv_cny,
    {{ refreshed_at() }} as _refreshed_at
from summed
inner join shops using (shop_id)
