with months as ( -- additive over days and shops: a parent has one day and one shop; lines of any status bear charges (L)
    select
        {{ month_of('order_date') }} as month_start,
        sku_code,
        count(distinct shop_id) filter (where order_lines > 0) as shops,
        {{ sum_measures(['orders', 'units_sold', 'units_refunded', 'gmv_cny', 'refund_cny', 'net_revenue_cny',
            'costed_net_revenue_cny', 'profit_cny', 'unpriced_lines', 'uncosted_lines']) }}
    from {{ ref('mart_sku_daily') }}
    group by 1, 2
),

months_sold as (
    select * from months where orders > 0
),

articles as (
    select * from {{ ref('int_articles__described') }}
),

span as (
    select max(month_start) as last_month from months_sold
),

listed as ( -- sold this month, or last month and then not
    select month_start, sku_code from months_sold
    union
    select (month_start + interval '1 month')::date, sku_code
    from months_sold
    where units_sold > 0 and month_start < (select last_month from span)
),

measured as (
    select
        listed.month_start,
        listed.sku_code,
        {%- for measure in ['shops', 'orders', 'units_sold', 'units_refunded', 'gmv_cny', 'refund_cny', 'net_revenue_cny',
            'costed_net_revenue_cny', 'profit_cny', 'unpriced_lines', 'uncosted_lines'] %}
        coalesce(current_month.{{ measure }}, 0)::{{ 'bigint' if is_count(measure) else 'numeric(38, 2)' }} as {{ measure }},
        {%- endfor %}
        coalesce(month_before.units_sold, 0) as prev_units,
        coalesce(current_month.units_sold, 0) > 0 and listed.sku_code <> '{{ var("unknown_sku") }}' as is_ranked
    from listed
    left join months as current_month using (month_start, sku_code)
    left join months_sold as month_before
        on (listed.month_start - interval '1 month')::date = month_before.month_start
        and listed.sku_code = month_before.sku_code
),

ranked as (
    select
        *,
        case when is_ranked then rank() over (partition by month_start, is_ranked order by units_sold desc) end as rank_units,
        case when is_ranked then rank() over (partition by month_start, is_ranked order by gmv_cny desc) end as rank_gmv,
        case when is_ranked then sum(gmv_cny) over (partition by month_start, is_ranked) end as total_gmv,
        case
            when is_ranked then sum(gmv_cny) over (
                partition by month_start, is_ranked
                order by gmv_cny desc, sku_code collate "C" rows between unbounded preceding and current row
            )
        end as cum_gmv
    from measured
),

typical as ( -- articles that earn a known margin, by which the month's are told apart
    select
        month_start,
        {{ exact_median('units_sold') }} as units_sold,
        {{ exact_median('profit_cny / costed_net_revenue_cny') }} as margin
    from measured
    where is_ranked and costed_net_revenue_cny > 0
    group by month_start
)

select
    ranked.month_start,
    ranked.sku_code,
    articles.product_name,
    articles.category,
    articles.manager,
    ranked.shops,
    ranked.orders,
    ranked.units_sold,
    ranked.units_refunded,
    ranked.gmv_cny,
    ranked.refund_cny,
    {{ ratio('ranked.refund_cny', 'ranked.gmv_cny') }} as refund_rate,
    ranked.net_revenue_cny,
    ranked.costed_net_revenue_cny,
    ranked.profit_cny,
    {{ ratio('ranked.profit_cny', 'ranked.costed_net_revenue_cny') }} as profit_margin,
    {{ ratio('ranked.costed_net_revenue_cny', 'ranked.net_revenue_cny') }} as cost_coverage,
    ranked.unpriced_lines,
    ranked.uncosted_lines,
    round(ranked.gmv_cny / nullif(ranked.units_sold, 0), 2)::numeric(38, 2) as avg_unit_price_cny,
    ranked.rank_units,
    ranked.rank_gmv,
    {{ ratio('case when ranked.is_ranked then ranked.gmv_cny end', 'ranked.total_gmv') }} as gmv_share,
    {{ ratio('ranked.cum_gmv', 'ranked.total_gmv') }} as cum_gmv_share,
    case -- share before the SKU, compared exactly
        when not ranked.is_ranked or ranked.gmv_cny <= 0 then null
        when ranked.cum_gmv - ranked.gmv_cny < {{ var('abc_a_share') }} * ranked.total_gmv then 'A'
        when ranked.cum_gmv - ranked.gmv_cny < {{ var('abc_b_share') }} * ranked.total_gmv then 'B'
        else 'C'
    end as abc_class,
    ranked.prev_units,
    {{ ratio('ranked.units_sold - ranked.prev_units', 'ranked.prev_units') }} as units_growth,
    case
        when ranked.prev_units = 0 then 'new'
        when ranked.units_sold = 0 then 'gone'
        when ranked.units_sold - ranked.prev_units >= {{ var('trend_threshold') }} * ranked.prev_units then 'up'
        when ranked.units_sold - ranked.prev_units <= -{{ var('trend_threshold') }} * ranked.prev_units then 'down'
        else 'flat'
    end as trend,
    case
        when not ranked.is_ranked or ranked.costed_net_revenue_cny <= 0 then null
        when ranked.profit_cny / ranked.costed_net_revenue_cny >= typical.margin
            then case when ranked.units_sold >= typical.units_sold then 'star' else 'niche' end
        else case when ranked.units_sold >= typical.units_sold then 'traffic' else 'cut' end
    end as quadrant,
    {{ refreshed_at() }} as _refreshed_at
from ranked
left join articles using (sku_code)
left join typical using (month_start)
