{{ following('days', above='fct_order_lines_costed', schema_change='append_new_columns') }}
{{ config(indexes=[{'columns': ['order_date']}]) }} {# screens read spans of days #}
select
    order_date,
    shop_id,
    shop_name,
    region,
    entity,
    business_model,
    shipping_country,
    fulfillment_type,
    status,
    cost_status,
    match_method,
    price_source,
    count(*) as lines_all,
    count(*) filter (where is_sale) as order_lines,
    count(*) filter (where is_sale and gmv_cny is not null) as priced_lines,
    {{ refreshed_at() }} as _refreshed_at
from {{ ref('fct_order_lines_costed') }}
{{ only_touched('days') }}
group by
    order_date, shop_id, shop_name, region, entity, business_model, shipping_country, fulfillment_type, status,
    cost_status, match_method, price_source
