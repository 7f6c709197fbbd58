{# What order lines are computed from beside orders and shops: name → the part of it that they use. #}
{% macro inputs_of_lines() %}
    {{ return({
        'listings': 'select id, shop_id, product_id, sku_code, spu_id, is_active, manager, product_name, category, '
            ~ 'current_price, currency from ' ~ ref('int_products__deduplicated'),
        'managers': 'select product_id, manager, valid_from, valid_to from ' ~ ref('int_product_managers__versioned'),
        'costs': 'select * from ' ~ ref('int_product_costs__segmented'),
        'components': 'select * from ' ~ ref('int_order_line_components__typed'),
        'exchange_rates': 'select currency, rate_date, rate from ' ~ ref('int_fx_rates__daily'),
        'fee_rates': 'select shop_id, rate_date, platform_rate, payment_rate from ' ~ ref('int_fee_rates__daily'),
        'refunds': 'select * from ' ~ ref('int_refunds__deduplicated') ~ " where status = 'completed'",
        'charges': 'select shop_id, parent_order_sn, sum(charge_cny) as charges_cny from '
            ~ ref('int_order_charges__converted') ~ ' where quarantine_reason is null group by shop_id, parent_order_sn',
    }) }}
{% endmacro %}

{% macro begin_touched_lines() %}
{{ hold('parents') }}
    {%- for name, query in inputs_of_lines().items() %}
{{ begin_comparing(name, query) }}
    {%- endfor %}
{% endmacro %}

{% macro end_touched_lines() %}
insert into intermediate.touched_parents (shop_id, parent_key, touched_at)
select shop_id, parent_key, clock_timestamp() from (select distinct shop_id, parent_key from {{ this }}) as told;
    {%- for name, query in inputs_of_lines().items() %}
{{ remember(name, query) }}
    {%- endfor %}
{% endmacro %}
