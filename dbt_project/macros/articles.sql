{# Sales of articles by day: the query of the marts whose grain is (order_date, shop_id, …, sku_code). `keys` are the grain's
   columns in the mart's order. #}
{% macro articles_by_day(keys) -%}
with lines as not materialized (
    select * from {{ ref('fct_order_lines_costed') }} {{ only_touched('days') }}
),

{{ aggregate_lines('lines', keys, [
    'max(product_name) as product_name', 'max(category) as category', 'max(spu_id) as spu_id'
]) }},

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    {%- for key in keys %}
    aggregated.{{ key }},
    {%- endfor %}
    aggregated.product_name,
    aggregated.category,
    aggregated.spu_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    {{ measure_columns('aggregated') }},
    {{ refreshed_at() }} as _refreshed_at
from aggregated
inner join shops using (shop_id)
{%- endmacro %}
