-- Parent orders whose lines are to be computed anew though no row of theirs changed: what they are computed from did. One
-- row per (cause, shop_id, parent_key). The lines are those of the last build; whoever is younger is touched already.
{%- set inputs = inputs_of_lines() -%}
{{ config(pre_hook="{{ begin_touched_lines() }}", post_hook="{{ end_touched_lines() }}") }}
{%- set last = load_relation(api.Relation.create(
    database=target.database, schema=this.schema, identifier='int_order_lines__priced'
)) if execute %}
with
{%- for name, query in inputs.items() %}
{{ name }} as (
    {{ differences(name, query) if last else query }}
),
{% endfor %}
{%- if last %}
lines as (
    select shop_id, parent_key, order_sn, order_date, product_id, product_sku_id, product_sku, spu_id, matched_product_id
    from {{ last }}
),

bundles as (
    select shop_id, parent_key from lines
    where (shop_id, order_sn) in (select shop_id, order_sn from {{ ref('int_order_line_components__typed') }})
),

touched as (
    select 'listing' as cause, shop_id, parent_key from lines -- M1 to M4, K, G, P
    where (shop_id, product_sku_id) in (select shop_id, product_id from listings)
        or (shop_id, product_sku) in (select shop_id, sku_code from listings)
        or (shop_id, product_id) in (select shop_id, id from listings)
        or (shop_id, spu_id) in (select shop_id, spu_id from listings)
        or matched_product_id in (select id from listings)
    union all
    select 'manager', shop_id, parent_key from lines -- G
    where matched_product_id in (select product_id from managers)
    union all
    select 'cost', shop_id, parent_key from lines -- C
    where matched_product_id in (select product_id from costs)
    union all
    select 'bundle', shop_id, parent_key from bundles
    where exists (select from listings) or exists (select from costs)
    union all
    select 'components', shop_id, parent_key from lines
    where (shop_id, order_sn) in (select shop_id, order_sn from components)
    union all
    select 'exchange rate', shop_id, parent_key from lines -- F
    where order_date in (select rate_date from exchange_rates)
    union all
    select 'fee rate', shop_id, parent_key from lines -- E
    where (shop_id, order_date) in (select shop_id, rate_date from fee_rates)
    union all
    select 'refund', shop_id, parent_key from lines -- R
    where (shop_id, order_sn) in (select shop_id, order_sn from refunds)
    union all
    select 'charge', shop_id, parent_order_sn from charges -- A
)

select distinct cause, shop_id, parent_key from touched where shop_id is not null and parent_key is not null
{%- else %}
nothing as (
    select null::text as cause, null::bigint as shop_id, null::text as parent_key
)

select * from nothing where false
{%- endif %}
