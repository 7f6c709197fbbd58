{# §8, every mart: the marts, and for those that must have rows whenever their upstream has some, that upstream and which
   of its rows count. A new mart is added here. #}
{% macro filled_marts() %}
    {%- set sales = ['fct_order_lines_costed', 'is_sale'] -%}
    {%- set lines = ['fct_order_lines_costed', 'true'] -%}
    {{ return({
        'dim_date': none,
        'dim_manager': ['fct_order_lines_costed', 'true'],
        'dim_product': none,
        'dim_shop': lines,
        'dq_quarantined_rows': none,
        'fct_collections': sales,
        'fct_order_lines_costed': ['int_order_lines__matched', 'true'],
        'fct_shipments': none,
        'mart_activity_lift': none,
        'mart_bill_coverage': none,
        'mart_cash_daily': none,
        'mart_collection_calendar': ['fct_collections', 'true'],
        'mart_collection_cycle': none,
        'mart_dead_letters': none,
        'mart_dq_results': none,
        'mart_fx_effect': none,
        'mart_gmv_daily': lines,
        'mart_gmv_daily_local': lines,
        'mart_gmv_forecast': none,
        'mart_gmv_monthly': lines,
        'mart_gmv_weekly': lines,
        'mart_hot_seller_monthly': sales,
        'mart_hot_seller_monthly_by_shop': sales,
        'mart_logistics_daily': ['fct_shipments', 'true'],
        'mart_money_alerts': none,
        'mart_month_closings': none,
        'mart_order_alerts': none,
        'mart_pnl_lines': none,
        'mart_pnl_reconciliation': none,
        'mart_profit_statement': none,
        'mart_restatements': none,
        'mart_shop_alerts': none,
        'mart_shop_scorecard': none,
        'mart_sku_daily': sales,
        'mart_sku_daily_by_manager': sales,
        'mart_sku_ranking_monthly': sales,
        'mart_sku_stock': none,
        'mart_source_freshness': none,
        'mart_stock_alerts': none,
        'mart_sync_daily': ['int_sync_runs__measured', 'started_at is not null'],
        'mart_sync_reconciliation': ['mart_gmv_daily', 'true'],
        'mart_sync_runs': ['int_sync_runs__measured', 'true'],
    }) }}
{% endmacro %}

{# Marts that keep what is over, and which of their rows every build renews: only these tell when it was. #}
{% macro renewed_rows() %}
    {%- set held = "status = 'open'" -%}
    {{ return({'mart_money_alerts': held, 'mart_order_alerts': held, 'mart_shop_alerts': held}) }}
{% endmacro %}
