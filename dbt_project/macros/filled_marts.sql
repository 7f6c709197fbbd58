{# §8, every mart: the marts, each with an upstream and which of its rows count: where there are such rows, there must be
   rows of the mart, too. None = what would be listed may be right not to exist. A new mart is added here. #}
{% macro filled_marts() %}
    {%- set sales = ['fct_order_lines_costed', 'is_sale'] -%}
    {%- set lines = ['fct_order_lines_costed', 'true'] -%}
    {{ return({
        'dim_date': lines,
        'dim_line_kinds': lines,
        'dim_manager': ['fct_order_lines_costed', 'true'],
        'dim_parcel_kinds': ['fct_shipments', 'true'],
        'dim_product': ['int_products__deduplicated', 'is_production'],
        'dim_shop': lines,
        'dq_quarantined_rows': ['int_order_lines__placed', 'quarantine_reason is not null'],
        'fct_collections': sales,
        'fct_order_lines_costed': ['int_order_lines__matched', 'true'],
        'fct_shipments': sales,
        'mart_activity_lift': ['int_activities__windowed', 'true'],
        'mart_bill_coverage': ['mart_profit_statement', 'true'],
        'mart_cash_daily': ['int_payouts__converted', 'paid_date is not null'],
        'mart_collection_calendar': ['fct_collections', 'true'],
        'mart_collection_cycle': ['fct_collections', "state = 'settled'"],
        'mart_dead_letters': ['int_sync_dead_letters__typed', 'true'],
        'mart_destinations_daily': sales,
        'mart_dq_results': ['int_check_results__typed', 'run_at is not null and check_name is not null'],
        'mart_fx_effect': ['int_sales__by_currency_day', 'line_currency is not null and gmv_original > 0'],
        'mart_gmv_daily': lines,
        'mart_gmv_daily_local': lines,
        'mart_gmv_forecast': ['mart_gmv_daily', 'order_date = ' ~ as_of_date()],
        'mart_gmv_monthly': lines,
        'mart_gmv_weekly': lines,
        'mart_hot_seller_monthly': sales,
        'mart_hot_seller_monthly_by_shop': sales,
        'mart_line_kinds_daily': lines,
        'mart_logistics_daily': ['fct_shipments', 'true'],
        'mart_manager_daily': lines,
        'mart_money_alerts': none,
        'mart_month_closings': ['int_month_closings__typed', 'month_start is not null and shop_id is not null'],
        'mart_order_alerts': none,
        'mart_order_hours_daily': sales,
        'mart_pnl_lines': ['int_sales__by_currency_day', 'gmv_cny <> 0'],
        'mart_pnl_reconciliation': lines,
        'mart_profit_statement': ['int_settlements__by_parent', 'true'],
        'mart_restatements': none,
        'mart_shop_alerts': none,
        'mart_shop_scorecard': ['int_shop_health__measured', 'true'],
        'mart_sku_daily': sales,
        'mart_sku_daily_by_manager': sales,
        'mart_sku_monthly_by_manager': sales,
        'mart_sku_ranking_monthly': sales,
        'mart_sku_stock': ['int_products__stocked', "sku_code <> '" ~ var('unknown_sku') ~ "'"],
        'mart_source_freshness': ['int_sources__last_seen', 'true'],
        'mart_stock_alerts': ['mart_sku_stock', 'true'],
        'mart_sync_daily': ['int_sync_runs__measured', 'started_at is not null'],
        'mart_sync_ledger': ['int_sync_ledger__typed', 'shop_id is not null and entity is not null'],
        'mart_sync_reconciliation': ['mart_gmv_daily', 'true'],
        'mart_sync_runs': ['int_sync_runs__measured', 'true'],
    }) }}
{% endmacro %}

{# Marts that keep what is over, and which of their rows every build renews: only these tell when it was. #}
{% macro renewed_rows() %}
    {%- set held = "status = 'open'" -%}
    {{ return({'mart_money_alerts': held, 'mart_order_alerts': held, 'mart_shop_alerts': held}) }}
{% endmacro %}
