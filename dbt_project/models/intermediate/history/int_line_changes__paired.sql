-- Each change of a published line: how it was before (b_) and how it is after (a_). One row per order line and instant of
-- change (order_line_key, changed_at); nothing before = it came late, nothing after = it left the marts.
{%- set columns = ['shop_id', 'order_date', 'parent_key', 'order_sn', 'sku_code', 'is_sale', 'quantity', 'match_method',
    'matched_product_id', 'price_source', 'line_amount', 'fx_rate', 'gmv_cny', 'refund_cny', 'cogs_units', 'cogs_cny',
    'cost_price', 'cost_currency', 'cost_fx_rate', 'platform_rate', 'payment_rate', 'platform_fee_cny',
    'payment_fee_cny', 'charges_cny'] %}
with versions as (
    select *, dbt_valid_from::timestamptz as valid_from, dbt_valid_to::timestamptz as valid_to
    from {{ ref('snap_order_lines') }}
),

publications as ( -- to which day everything had been published before each instant, days without a line included
    select valid_from, max(max(published_as_of)) over earlier as published_to
    from versions
    group by valid_from
    window earlier as (order by valid_from rows between unbounded preceding and 1 preceding)
),

openings as ( -- from which day a shop had been published before each instant
    select shop_id, valid_from, min(min(order_date)) over earlier as published_from
    from versions
    group by shop_id, valid_from
    window earlier as (partition by shop_id order by valid_from rows between unbounded preceding and 1 preceding)
),

begun as (
    select versions.*, versions.order_date between openings.published_from and publications.published_to as was_published
    from versions
    left join publications using (valid_from)
    left join openings using (shop_id, valid_from)
),

pairs as ( -- a version that began where another ended, or that began or ended alone
    select
        coalesce(after.order_line_key, before.order_line_key) as order_line_key,
        coalesce(after.valid_from, before.valid_to) as changed_at,
        before.order_line_key is not null as has_before,
        after.order_line_key is not null as has_after,
        after.was_published,
        {%- for column in columns %}
        before.{{ column }} as b_{{ column }},
        after.{{ column }} as a_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (select * from begun where valid_to is not null) as before
    full join begun as after
        on before.order_line_key = after.order_line_key and before.valid_to = after.valid_from
)

select * from pairs where has_before or coalesce(was_published, false)
