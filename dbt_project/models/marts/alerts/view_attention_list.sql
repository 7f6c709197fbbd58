-- Open alerts of all kinds, counted (§7): what to look at now and where.
with orders as (
    select 'orders' as kind, 'orders' as dashboard, rule, shop_id, manager, first_seen,
        case when rule = 'negative_margin' then -observed end as amount_cny
    from {{ ref('mart_order_alerts') }}
    where status = 'open'
),

stocks as (
    select 'stock' as kind, 'sku' as dashboard, level as rule, shop_id, manager,
        {{ reporting_day('first_seen') }} as first_seen,
        case when level in ('dead', 'overstock') then stock_value_cny else reorder_cost_cny end as amount_cny
    from {{ ref('mart_stock_alerts') }}
    where status = 'open'
),

money as (
    select 'money' as kind, 'finance' as dashboard, rule, shop_id, manager, first_seen,
        case when rule in ('collection_overdue', 'settlement_variance') then observed end as amount_cny
    from {{ ref('mart_money_alerts') }}
    where status = 'open' and rule <> 'grade_drop' -- told by the shops' own alerts, with the scorecard to look at
),

shops as (
    select 'shops' as kind, 'scorecard' as dashboard, rule, shop_id, manager, first_seen, null::numeric as amount_cny
    from {{ ref('mart_shop_alerts') }}
    where status = 'open'
),

alerts as (
    select * from orders
    union all
    select * from stocks
    union all
    select * from money
    union all
    select * from shops
)

select
    md5(concat_ws(chr(31), alerts.kind, alerts.rule, coalesce(alerts.shop_id::text, ''), coalesce(alerts.manager, '')))
        as attention_key,
    alerts.kind,
    alerts.dashboard,
    alerts.rule::text as rule,
    alert_rules.rule_name::text as rule_name,
    alert_rules.severity::text as severity,
    array_position(array['critical', 'high', 'medium', 'low', 'info'], alert_rules.severity::text) as severity_no,
    alerts.shop_id,
    names.shop_name,
    names.region,
    alerts.manager,
    count(*) as alerts,
    sum(alerts.amount_cny)::numeric(38, 2) as amount_cny,
    min(alerts.first_seen) as oldest,
    {{ as_of_date() }} - min(alerts.first_seen) as days_open,
    {{ refreshed_at() }} as _refreshed_at
from alerts
left join {{ ref('alert_rules') }} as alert_rules using (rule)
left join {{ ref('int_shops__zoned') }} as names using (shop_id)
group by
    alerts.kind, alerts.dashboard, alerts.rule, alert_rules.rule_name, alert_rules.severity, alerts.shop_id,
    names.shop_name, names.region, alerts.manager
