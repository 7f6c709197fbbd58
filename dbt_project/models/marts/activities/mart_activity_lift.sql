{% set measures = ['units_sold', 'gmv_cny', 'profit_cny', 'control_gmv_cny', 'costed_net_revenue_cny', 'unpriced_lines', 'uncosted_lines'] -%}
with activities as (
    select * from {{ ref('int_activities__windowed') }}
),

sums as ( -- during ends with the plan; days after as_of_date are not there; no day of a phase is nothing, not unknown
    select
        activity_row_id as sums_row_id,
        {%- for measure in measures %}
        {%- for name, phase in [('base', 'before'), ('now', 'during')] %}
        case when count({{ measure }}) > 0 then coalesce(sum({{ measure }}) filter (where phase = '{{ phase }}'), 0) end
            as {{ name }}_{{ measure }},
        {%- endfor %}
        {%- endfor %}
        sum(net_revenue_cny) filter (where phase = 'during') as now_net_revenue_cny,
        case when count(units_sold) > 0 then coalesce(sum(units_sold) filter (where days_after between 1 and 7), 0) end
            as units_after
    from {{ ref('int_activity_days') }}
    group by activity_row_id
),

traffic as (
    select
        activity_row_id,
        sum(impressions)::bigint as impressions,
        sum(clicks)::bigint as clicks,
        sum(payers)::bigint as payers
    from {{ ref('int_activity_items__matched') }}
    group by activity_row_id
),

confounded as (
    select activity_row_id, count(distinct other_row_id) as others
    from {{ ref('int_activity_overlaps') }}
    group by activity_row_id
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

known as ( -- a phase whose sales all lack a cost or a price has an unknown profit, not the 0 that no known line adds up to
    select
        *,
        {%- for name in ['base', 'now'] %}
        case
            when {{ name }}_costed_net_revenue_cny <> 0 or {{ name }}_uncosted_lines + {{ name }}_unpriced_lines = 0
                then {{ name }}_profit_cny
        end as {{ name }}_known_profit_cny{{ ',' if not loop.last }}
        {%- endfor %}
    from sums
),

joined as (
    select
        activities.*,
        known.*,
        activities.days > 0 and activities.baseline_days >= 14 as is_comparable
    from activities
    left join known on activities.activity_row_id = known.sums_row_id
),

compared as ( -- means as sums over days, so that each figure divides and rounds once
    select
        *,
        case when is_comparable then {{ ratio('now_units_sold * baseline_days - base_units_sold * days', 'base_units_sold * days') }} end
            as lift_units,
        case when is_comparable then {{ ratio('now_gmv_cny * baseline_days - base_gmv_cny * days', 'base_gmv_cny * days') }} end
            as lift_gmv,
        case when is_comparable then round(now_gmv_cny - base_gmv_cny * days / baseline_days, 2) end as incremental_gmv_cny,
        case when is_comparable then round(now_known_profit_cny - base_known_profit_cny * days / baseline_days, 2) end
            as incremental_profit_cny,
        case when is_comparable and has_items then {{ ratio('now_control_gmv_cny * baseline_days', 'base_control_gmv_cny * days') }} end
            as control_index,
        case
            when is_comparable and has_items
                then round(now_gmv_cny - base_gmv_cny * now_control_gmv_cny / nullif(base_control_gmv_cny, 0), 2)
        end as incremental_gmv_adj_cny,
        case
            when is_comparable and has_items
                then round(now_known_profit_cny - base_known_profit_cny * now_control_gmv_cny / nullif(base_control_gmv_cny, 0), 2)
        end as incremental_profit_adj_cny,
        case
            when is_comparable and end_day + 7 <= {{ as_of_date() }}
                then {{ ratio('units_after * baseline_days - base_units_sold * 7', 'base_units_sold * 7') }}
        end as pull_forward
    from joined
)

select
    compared.activity_row_id,
    compared.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    compared.activity_id,
    compared.activity_name,
    compared.activity_type,
    compared.status,
    case
        when not compared.has_days then 'undated'
        when compared.start_day > {{ as_of_date() }} then 'planned'
        when coalesce(compared.end_day > {{ as_of_date() }}, true) then 'running'
        else 'ended'
    end as phase,
    compared.start_day as start_date,
    compared.end_day as end_date,
    compared.days::integer as days,
    compared.baseline_days::integer as baseline_days,
    compared.has_items,
    compared.items,
    compared.skus,
    compared.now_units_sold::bigint as units_sold,
    compared.now_gmv_cny::numeric(38, 2) as gmv_cny,
    compared.now_known_profit_cny::numeric(38, 2) as profit_cny,
    {{ ratio('compared.now_costed_net_revenue_cny', 'compared.now_net_revenue_cny') }} as cost_coverage,
    compared.now_unpriced_lines::bigint as unpriced_lines,
    compared.now_uncosted_lines::bigint as uncosted_lines,
    compared.base_units_sold::bigint as baseline_units,
    compared.base_gmv_cny::numeric(38, 2) as baseline_gmv_cny,
    compared.base_known_profit_cny::numeric(38, 2) as baseline_profit_cny,
    compared.base_unpriced_lines::bigint as baseline_unpriced_lines,
    compared.base_uncosted_lines::bigint as baseline_uncosted_lines,
    compared.lift_units,
    compared.lift_gmv,
    compared.control_index,
    compared.incremental_gmv_cny::numeric(38, 2) as incremental_gmv_cny,
    compared.incremental_gmv_adj_cny::numeric(38, 2) as incremental_gmv_adj_cny,
    compared.incremental_profit_cny::numeric(38, 2) as incremental_profit_cny,
    compared.incremental_profit_adj_cny::numeric(38, 2) as incremental_profit_adj_cny,
    compared.activity_cost::numeric(38, 2) as activity_cost_cny,
    {{ ratio('compared.incremental_profit_cny', 'compared.activity_cost') }} as roi,
    compared.pull_forward,
    traffic.impressions,
    traffic.clicks,
    traffic.payers,
    {{ ratio('traffic.clicks', 'traffic.impressions') }} as click_rate,
    {{ ratio('traffic.payers', 'traffic.clicks') }} as pay_rate,
    confounded.others is not null as is_confounded,
    coalesce(confounded.others, 0) as confounding_activities,
    {{ refreshed_at() }} as _refreshed_at
from compared
inner join shops using (shop_id)
left join traffic using (activity_row_id)
left join confounded using (activity_row_id)
