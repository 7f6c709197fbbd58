{{ articles_by_day(['order_date', 'shop_id', 'sku_code']) }}
