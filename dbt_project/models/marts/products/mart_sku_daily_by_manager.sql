{{ articles_by_day(['order_date', 'shop_id', 'manager', 'sku_code']) }}
