{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='as_of_date', on_schema_change='append_new_columns',
    full_refresh=false
) }}
-- Scores are kept as they were given (§6.8): a run replaces those of its own as_of_date only.
with measured as (
    select * from {{ ref('int_shop_health__measured') }}
),

scored as (
    select * from {{ ref('int_shop_health__scored') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

collections as (
    select
        shop_id,
        sum(collected_cny) as collected_cny,
        sum(expected_amount_cny) as expected_cny
    from {{ ref('fct_collections') }}
    where expected_date <= {{ as_of_date() }}
    group by shop_id
),

freshness as (
    select
        shop_id,
        (array_agg(state order by state_rank desc))[1] as worst_freshness
    from {{ ref('mart_source_freshness') }}
    group by shop_id
),

compared as ( -- with the scorecard of 30 days ago or the last one before it, else with the first there is
    {%- if is_incremental() %}
    select distinct on (shop_id) shop_id, as_of_date as compared_on, score, grade
    from {{ this }}
    where as_of_date < {{ as_of_date() }}
    order by
        shop_id,
        as_of_date <= {{ as_of_date() }} - 30 desc,
        case when as_of_date <= {{ as_of_date() }} - 30 then as_of_date end desc,
        as_of_date
    {%- else %}
    select null::bigint as shop_id, null::date as compared_on, null::numeric as score, null::text as grade where false
    {%- endif %}
)

select
    {{ as_of_date() }} as as_of_date,
    measured.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    scored.score::numeric(38, 1) as score,
    {{ grade_of('scored.score') }} as grade,
    compared.compared_on,
    (scored.score - compared.score)::numeric(38, 1) as score_change,
    compared.grade as grade_before,
    coalesce({{ grade_of('scored.score') }} > compared.grade, false) as is_grade_drop,
    coalesce(measured.cost_coverage < 0.80, false) as is_margin_provisional,
    scored.judged_weight::integer as judged_weight,
    {%- for metric in scorecard_metrics() %}
    measured.{{ metric }},
    {%- endfor %}
    {%- for metric in scorecard_metrics() %}
    scored.{{ metric }}_points::numeric(38, 1) as {{ metric }}_points,
    {%- endfor %}
    measured.gmv_cny::numeric(38, 2) as gmv_cny,
    measured.orders,
    measured.profit_cny::numeric(38, 2) as profit_cny,
    measured.costed_net_revenue_cny::numeric(38, 2) as costed_net_revenue_cny,
    measured.cost_coverage,
    {{ ratio('collections.collected_cny', 'collections.expected_cny') }} as collection_rate,
    measured.open_exceptions,
    freshness.worst_freshness,
    {{ refreshed_at() }} as _refreshed_at
from measured
inner join scored using (shop_id)
inner join shops using (shop_id)
left join compared using (shop_id)
left join collections using (shop_id)
left join freshness using (shop_id)
