{{ following('days', above='fct_order_lines_costed', schema_change='append_new_columns') }}
{{ config(indexes=[{'columns': ['order_date']}]) }} {# screens read spans of days #}
{{ articles_by_day(['order_date', 'shop_id', 'sku_code']) }}
