{{ following('days', above='fct_order_lines_costed', schema_change='append_new_columns') }}
{{ articles_by_day(['order_date', 'shop_id', 'manager', 'sku_code']) }}
