{{ config(severity='warn') }}
-- Money and times beside the orders that staging could not read: they are unknown there, and here with the words as told.
{%- set fields = [
    ('goods', 'goods_id', none, 'amount', ['{price}', '{retailPrice,amount}', '{listPrice,amount}', '{marketPrice}']),
    ('goods', 'goods_id', none, 'epoch', ['{crtTime}', '{goodsCreateTime}']),
    ('goods', 'goods_id', none, 'instant', ['{goodsStatusChangeTime}']),
    ('products', 'sku_id', none, 'amount', ['{price}', '{retailPrice,amount}']),
    ('products', 'sku_id', none, 'epoch', ['{crtTime}', '{goodsCreateTime}']),
    ('products', 'sku_id', none, 'instant', ['{skuStatusChangeTime}']),
    ('price_orders', 'price_order_id', none, 'amount', [
        '{sourceSupplierPrice,amount}', '{targetSupplierPrice,amount}', '{suggestSupplierPrice,amount}',
    ]),
    ('price_orders', 'price_order_id', none, 'epoch', ['{createTime}']),
    ('supplier_prices', 'sku_id', none, 'amount', ['{supplierPrice,amount}']),
    ('partner_prices', 'product_sku_id', none, 'amount', ['{supplierPrice}']),
    ('partner_goods', 'product_skc_id', none, 'epoch', ['{createdAt}']),
    ('activity_goods', 'goods_id', 'skuList', 'amount', ['{activitySupplierPrice}']),
    ('activity_candidates', 'goods_id', 'skuList', 'amount', ['{recommendActivitySupplierPrice}']),
    ('ad_details', 'goods_id', none, 'amount', ['{budget}', '{roas}', '{summary,spend,ad,val}', '{summary,orderPayAmt,ad,val}']),
    ('ad_reports', 'report_date', none, 'amount', ['{summary,spend,ad,val}', '{summary,orderPayAmt,ad,val}']),
    ('ad_goods_reports', 'goods_id', none, 'amount', [
        '{reportInfo,summary,spend,ad,val}', '{reportInfo,summary,orderPayAmt,ad,val}',
    ]),
    ('after_sales', 'parent_after_sales_sn', none, 'epoch', ['{createAt}', '{updateAt}', '{operateExpireTimeMs}']),
    ('after_sales_details', 'parent_after_sales_sn', none, 'epoch', ['{createAtMillis}', '{lastUpdateAtMillis}']),
    ('after_sales_details', 'parent_after_sales_sn', none, 'amount', ['{refundSummary,buyerTotalRefund,amount}']),
    ('after_sales_details', 'parent_after_sales_sn', 'afterSalesList', 'amount', ['{applyRefundAmount,amount}']),
    ('cancellations', 'parent_after_sales_sn', 'afterSalesInfoList', 'epoch', ['{createAtMillis}']),
] -%}

{%- for table, key, items, kind, paths in fields %}
select '{{ table }}' as relation, shop_id, {{ key }}::text as record, field, told
from (
    select landed.shop_id, landed.{{ key }}, path.field, {{ 'item' if items else 'landed.payload' }} #>> path.field::text[] as told
    from {{ source('raw_temu', table) }} as landed
    {%- if items %}
    cross join lateral jsonb_array_elements({{ json_array("landed.payload -> '" ~ items ~ "'") }}) as item
    {%- endif %}
    cross join (values ('{{ paths | join("'), ('") }}')) as path (field)
) as said
where told not in ('', '0')
    and {{ {'amount': json_number('told'), 'epoch': json_epoch('told'), 'instant': json_instant('told')}[kind] }} is null
{{ 'union all' if not loop.last }}
{%- endfor %}
