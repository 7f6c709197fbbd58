{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='sku_code', on_schema_change='append_new_columns',
    full_refresh=false, post_hook="delete from {{ this }} where as_of_date <> {{ as_of_date() }}"
) }}
{%- set lead, safety, review = var('stock_lead_days'), var('stock_safety_days'), var('stock_review_days') %}
-- Rebuilt as a whole; the rows of the run before are only asked since when a level holds (chapter 7).
with stocks as (
    select * from {{ ref('mart_sku_stock') }}
),

costs as (
    select * from {{ ref('int_articles__costed') }}
),

listings as (
    select
        products.sku_code,
        count(distinct products.shop_id) as shops,
        case when count(distinct products.shop_id) = 1 then min(products.shop_id) end as shop_id,
        string_agg(distinct shops.shop_name, ', ' order by shops.shop_name) as shop_names
    from {{ ref('int_products__stocked') }} as products
    inner join {{ ref('int_shops__zoned') }} as shops using (shop_id)
    where products.sku_code is not null
    group by products.sku_code
),

classes as ( -- of the last complete month, else of the current one
    select distinct on (sku_code) sku_code, abc_class
    from {{ ref('mart_sku_ranking_monthly') }}
    where abc_class is not null
        and month_start <= {{ as_of_date() }}
        and month_start >= ({{ month_of(as_of_date()) }} - interval '1 month')::date
    order by sku_code, month_start
),

measured as (
    select
        stocks.*,
        -- a sale proves the listing; LEAST ignores the one that is unknown
        stocks.as_of_date - least(stocks.listed_date, stocks.first_sale_date) as days_listed,
        stocks.as_of_date - stocks.last_sale_date as days_since_sale,
        round(stocks.stock_on_hand * costs.unit_cost_cny, 2) as stock_value_cny,
        costs.unit_cost_cny,
        greatest(
            0,
            ceil(
                coalesce(stocks.units_30d::numeric * {{ lead + safety + review }} / stocks.velocity_days, 0)
                - stocks.stock_on_hand - coalesce(stocks.in_transit, 0)
            )
        ) as reorder_if_known
    from stocks
    left join costs using (sku_code)
),

levelled as (
    select
        *,
        case when stock_on_hand is not null then reorder_if_known::bigint end as reorder_qty,
        case -- §7.1, the first that applies
            when stock_on_hand <= 0 and units_30d > 0 then 'out_of_stock'
            when days_of_cover < {{ lead }} then 'critical'
            when days_of_cover < {{ lead + safety }} then 'low'
            when stock_on_hand > 0 and coalesce(days_since_sale, 60) >= 60 and days_listed >= 60 then 'dead'
            when days_of_cover > 120 and stock_on_hand >= 20 then 'overstock'
            else 'ok'
        end as level
    from measured
),

explained as (
    select
        *,
        case level
            when 'out_of_stock' then 'critical' when 'critical' then 'high' when 'low' then 'medium'
            when 'dead' then 'medium' when 'overstock' then 'low'
        end as severity,
        case
            when level = 'out_of_stock' then stock_on_hand
            when level in ('critical', 'low', 'overstock') then days_of_cover
            when level = 'dead' then coalesce(days_since_sale, days_listed)
        end as observed,
        case level
            when 'out_of_stock' then 0 when 'critical' then {{ lead }} when 'low' then {{ lead + safety }}
            when 'dead' then 60 when 'overstock' then 120
        end as threshold
    from levelled
)

select
    explained.as_of_date,
    explained.sku_code,
    explained.product_name,
    explained.category,
    explained.manager,
    listings.shop_id,
    coalesce(listings.shops, 0) as shops,
    listings.shop_names,
    classes.abc_class,
    explained.level,
    explained.severity,
    explained.observed::numeric(38, 1) as observed,
    explained.threshold::numeric(38, 1) as threshold,
    {% if is_incremental() -%}
    coalesce(before.first_seen, {{ as_of_at() }})
    {%- else -%}
    {{ as_of_at() }}
    {%- endif %} as first_seen,
    case when explained.level = 'ok' then 'none' else 'open' end as status,
    explained.is_on_sale,
    explained.stock_on_hand,
    explained.in_transit,
    explained.units_30d,
    explained.avg_daily_units,
    explained.days_of_cover,
    explained.last_sale_date,
    explained.days_listed,
    explained.reorder_qty,
    explained.unit_cost_cny::numeric(38, 4) as unit_cost_cny,
    round(explained.reorder_qty * explained.unit_cost_cny, 2)::numeric(38, 2) as reorder_cost_cny,
    explained.stock_value_cny::numeric(38, 2) as stock_value_cny,
    case
        when explained.stock_on_hand is null then 'unknown'
        when explained.stock_on_hand <= 0 then 'none'
        when explained.days_of_cover is null then 'unsold'
        when explained.days_of_cover < 7 then '0-6'
        when explained.days_of_cover < 14 then '7-13'
        when explained.days_of_cover < 30 then '14-29'
        when explained.days_of_cover < 60 then '30-59'
        when explained.days_of_cover <= 120 then '60-120'
        else '121+'
    end as cover_bucket,
    {{ refreshed_at() }} as _refreshed_at
from explained
left join listings using (sku_code)
left join classes using (sku_code)
{%- if is_incremental() %}
left join {{ this }} as before
    on explained.sku_code = before.sku_code and explained.level = before.level and before.as_of_date <= explained.as_of_date
{%- endif %}
