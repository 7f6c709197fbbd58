-- The ceiling: raw orders to costed lines in one statement, for exactly the rows of this benchmark. It knows that no row
-- comes twice, that every text is clean, every listing matches by its id and nothing is bundled; it keeps what the fact
-- keeps of such lines and proves nothing.
create unlogged table bench_baseline as
with lines as (
    select o.shop_id, o.parent_order_sn, parent.placed, line.*
    from (select shop_id, parent_order_sn, payload from raw_temu.orders offset 0) as o
    cross join lateral (
        select to_timestamp((o.payload -> 'parentOrderMap' ->> 'parentOrderTime')::bigint) as placed
    ) as parent
    cross join lateral jsonb_to_recordset(o.payload -> 'orderList') as line (
        "orderSn" text, "orderStatus" integer, quantity bigint, "skuId" bigint, "goodsName" text
    )
),

amounts as (
    select line."orderSn", line."unitBasePrice" ->> 'currency' as currency,
        (line."unitBasePrice" ->> 'amount')::numeric / case when line."unitBasePrice" ->> 'currency' = 'JPY' then 1 else 100 end
            as unit_price
    from (select payload from raw_temu.order_amounts offset 0) as a
    cross join lateral jsonb_to_recordset(a.payload -> 'orderList') as line ("orderSn" text, "unitBasePrice" jsonb)
),

products as (
    select shop_id, sku_id, sku_code, (payload ->> 'price')::numeric as price, payload ->> 'currency' as currency
    from raw_temu.products
),

priced as (
    select lines.*, (lines.placed at time zone 'Asia/Shanghai')::date as order_date, products.sku_code,
        lines."orderStatus" <> 3 as is_sale,
        coalesce(amounts.unit_price, products.price) * lines.quantity as line_amount,
        coalesce(amounts.currency, products.currency) as line_currency
    from lines
    left join amounts using ("orderSn")
    left join products on products.shop_id = lines.shop_id and products.sku_id = lines."skuId"
),

costs as (
    select sku_code, cost_price, effective_from, coalesce(effective_to, 'infinity') as effective_to
    from raw_files.product_costs
),

refunds as (
    select c."orderSn", count(*) as refunded_units
    from raw_temu.after_sales_details as d
    cross join lateral jsonb_to_recordset(d.payload -> 'afterSalesList') as c ("orderSn" text)
    group by 1
),

charges as (
    select shop_id, parent_order_sn, sum(amount) as charges_cny from raw_files.order_charges group by 1, 2
),

costed as (
    select priced.*, fx.rate as fx_rate, managers.manager, charges.charges_cny,
        case when is_sale then round(line_amount * fx.rate, 2) else 0 end as gmv_cny,
        case when is_sale then round(line_amount * fx.rate / nullif(quantity, 0) * coalesce(refunded_units, 0), 2) else 0 end
            as refund_cny,
        case when is_sale then round(costs.cost_price * quantity, 2) else 0 end as cogs_cny
    from priced
    left join raw_files.fx_rates as fx on fx.base_currency = line_currency and fx.effective_from = order_date
    left join costs
        on costs.sku_code = priced.sku_code and placed >= costs.effective_from and placed < costs.effective_to
    left join raw_files.product_managers as managers on managers.sku_code = priced.sku_code
    left join refunds on refunds."orderSn" = priced."orderSn"
    left join charges on charges.shop_id = priced.shop_id and charges.parent_order_sn = priced.parent_order_sn
)

select *, gmv_cny - refund_cny as net_revenue_cny, round(0.02 * (gmv_cny - refund_cny), 2) as platform_fee_cny,
    round(0.01 * gmv_cny, 2) as payment_fee_cny, gmv_cny - refund_cny - cogs_cny - coalesce(charges_cny, 0) as profit_cny
from costed
