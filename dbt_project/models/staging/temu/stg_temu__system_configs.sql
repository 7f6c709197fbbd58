-- The parameters in force (§2): the vars of this project as the running build sees them.
{%- set names = ['reporting_currency', 'reporting_timezone', 'as_of_date', 'unassigned_manager', 'unknown_sku',
    'settlement_lag_days', 'transit_days_default', 'undelivered_settlement_days', 'velocity_window_days',
    'stock_lead_days', 'stock_safety_days', 'stock_review_days', 'abc_a_share', 'abc_b_share', 'trend_threshold',
    'settlement_grace_days', 'settlement_variance_share', 'settlement_variance_cny', 'cost_coverage_floor',
    'fx_stale_days', 'target_pace_floor', 'forecast_horizon_days'] %}
{%- for name in names %}
select
    '{{ name }}'::text as key,
    {% if var(name) is none %}null{% else %}'{{ var(name) }}'{% endif %}::text as value,
    null::timestamptz as updated_at
{{ 'union all' if not loop.last }}
{%- endfor %}
