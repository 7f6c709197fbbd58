-- Raw rows of many shop-years. One statement per name; world.py runs them in this order.
-- payload_hash and run_id of these rows say nothing: none of them is ever loaded a second time.

-- name: shops
insert into ops.shops (id, temu_shop_id, shop_name, region, entity, business_model, default_manager, gateway, app_key)
select n, 600000000000000 + n, 'Shop ' || n, (array['US', 'DE', 'UK', 'JP'])[1 + n %% 4], 'Entity ' || n %% 5,
    (array['local', 'semi', 'local'])[1 + n %% 3], case when n %% 3 = 0 then 'manager 1' end,
    (array['US', 'EU', 'EU', 'GLOBAL'])[1 + n %% 4], 'bench'
from generate_series(1, %(shops)s) as n;

-- name: products
insert into raw_temu.products
    (shop_id, sku_id, goods_id, sku_code, source_updated_at, payload, payload_hash, run_id)
select s, s * 1000000 + a, s * 100000 + a / 4, 'SKU-' || lpad(a::text, 5, '0'), %(first_day)s::timestamptz,
    jsonb_build_object('goodsName', 'Article ' || a, 'skuSn', 'SKU-' || lpad(a::text, 5, '0'), 'goodsIsOnSale', 1,
        'price', (5 + a %% 40)::text || '.50', 'currency', (array['USD', 'EUR', 'GBP', 'JPY'])[1 + s %% 4],
        'stock', a * 7 %% 900, 'crtTime', extract(epoch from %(first_day)s::date)::bigint),
    decode(md5(random()::text), 'hex'), 'bench'
from generate_series(1, %(shops)s) as s cross join generate_series(1, %(articles)s) as a;

-- name: snapshots
insert into raw_temu.product_snapshots
    (shop_id, sku_id, snapshot_date, stock, price, currency, source_updated_at, payload, payload_hash, run_id)
select shop_id, sku_id, %(last_day)s, (payload ->> 'stock')::integer, 1, 'USD', source_updated_at, '{}', decode(md5(random()::text), 'hex'), 'bench'
from raw_temu.products;

-- name: managers
insert into raw_files.product_managers (shop_id, sku_code, manager, category, source_file, file_hash, row_no, run_id)
select null, 'SKU-' || lpad(a::text, 5, '0'), 'manager ' || 1 + a %% 20, 'category ' || a %% 12, 'managers.csv',
    'managers', a, 'bench'
from generate_series(1, %(articles)s) as a where a %% 25 <> 0;

-- name: costs
insert into raw_files.product_costs
    (shop_id, sku_code, cost_price, currency, effective_from, effective_to, source_file, file_hash, row_no, run_id)
select null, 'SKU-' || lpad(a::text, 5, '0'), round((10 + a %% 60 + v)::numeric * 0.83, 2), 'CNY',
    %(first_day)s::timestamptz + (v - 1) * interval '91 days' - interval '30 days',
    case when v < 4 then %(first_day)s::timestamptz + v * interval '91 days' - interval '30 days' end,
    'costs.csv', 'costs', a * 10 + v, 'bench'
from generate_series(1, %(articles)s) as a cross join generate_series(1, 4) as v where a %% 33 <> 0;

-- name: fx
insert into raw_files.fx_rates
    (base_currency, quote_currency, rate, effective_from, effective_to, source_file, file_hash, row_no, run_id)
select c, 'CNY', round(r * (1 + 0.01 * sin(d))::numeric, 6), day, day + 1, 'fx.csv', 'fx', d * 10 + i, 'bench'
from unnest(array['USD', 'EUR', 'GBP', 'JPY'], array[7.1, 7.7, 9.1, 0.048]::numeric[]) with ordinality as x (c, r, i)
cross join lateral (
    select d, %(first_day)s::date + d - 30 as day from generate_series(0, 500) as d
) as days;

-- name: fees
insert into raw_files.fee_rates (fee_type, shop_id, rate, effective_from, source_file, file_hash, row_no, run_id)
select kind, null, rate, %(first_day)s::date - 60, 'fees.csv', 'fees', n, 'bench'
from (values ('platform', 0.02, 1), ('payment', 0.01, 2)) as fees (kind, rate, n);

-- name: targets
insert into raw_files.sales_targets
    (target_month, manager, shop_id, metric, target_value, source_file, file_hash, row_no, run_id)
select date_trunc('month', %(last_day)s::timestamp)::date - m * interval '1 month', 'manager ' || n, null, 'gmv_cny',
    100000 * %(shops)s, 'targets.csv', 'targets', m * 100 + n, 'bench'
from generate_series(0, 11) as m cross join generate_series(1, 20) as n;

-- name: activities
insert into raw_temu.activities
    (shop_id, activity_id, activity_type, starts_at, ends_at, source_updated_at, payload, payload_hash, run_id)
select s, s * 1000 + m, 13, start, start + interval '6 days', start,
    jsonb_build_object('activityName', 'Sale ' || m, 'activityStatus', 3), decode(md5(random()::text), 'hex'), 'bench'
from generate_series(1, %(shops)s) as s cross join generate_series(1, 8) as m
cross join lateral (select %(first_day)s::timestamptz + m * interval '40 days' as start) as starts;

-- name: orders
-- A parent order has one to three lines. Powers of random numbers make few articles and few shops sell most.
insert into raw_temu.orders
    (shop_id, parent_order_sn, status, order_time, source_updated_at, loaded_at, payload, payload_hash, run_id)
select shop, sn, status, to_timestamp(placed), to_timestamp(updated), %(loaded_at)s,
    jsonb_build_object(
        'parentOrderMap', jsonb_build_object('parentOrderSn', sn, 'parentOrderStatus', status,
            'parentOrderTime', placed, 'parentConfirmTime', placed + 600, 'updateTime', updated,
            'expectShipLatestTime', placed + 172800, 'latestDeliveryTime', placed + 864000,
            'parentShippingTime', case when status in (4, 5) then placed + 90000 end, 'regionId', region,
            'siteId', 100, 'orderPaymentType', 'PPD', 'shippingMethod', 1, 'hasShippingFee', true),
        'orderList', (
            select jsonb_agg(jsonb_build_object('orderSn', sn || '-' || l, 'orderStatus', status,
                'originalOrderQuantity', 1 + (n + l) %% 3, 'canceledQuantityBeforeShipment', 0,
                'quantity', case when status = 3 then 0 else 1 + (n + l) %% 3 end,
                'skuId', shop * 1000000 + article, 'goodsId', shop * 100000 + article / 4,
                'goodsName', 'Article ' || article || ' in a title as long as titles on this platform usually are',
                'spec', 'Black, 1pc', 'fulfillmentType', 'fulfillBySeller',
                'orderShippingTime', case when status in (4, 5) then placed + 90000 end,
                'productList', jsonb_build_array(jsonb_build_object('productId', shop * 100000 + article / 4,
                    'productSkuId', shop * 1000000 + article, 'soldFactor', 1,
                    'extCode', 'SKU-' || lpad(article::text, 5, '0')))))
            from (
                select l, 1 + ((r * l * 7919)::integer + (pow(r, 2) * %(articles)s)::integer) %% %(articles)s as article
                from generate_series(1, 1 + n %% 3) as l
            ) as lines
        )
    ),
    decode(md5(random()::text), 'hex'), 'bench'
from (
    select n, r, shop, 'PO-211-' || lpad(n::text, 17, '0') as sn, (array[211, 76, 210, 100])[1 + shop %% 4] as region,
        placed, status, placed + case status when 3 then 7200 when 2 then 600 when 4 then 90000 else 600000 end as updated
    from (
        select n, random() as r, 1 + floor(pow(random(), 1.3) * %(shops)s)::integer as shop,
            extract(epoch from %(day)s::date)::bigint + floor(random() * %(days)s * 86400)::bigint as placed,
            random() as luck
        from generate_series(%(first)s::bigint, %(last)s::bigint) as n
    ) as drawn
    cross join lateral (
        select extract(epoch from %(last_day)s::date + 1) / 86400 - placed / 86400.0 as age
    ) as ages
    cross join lateral ( -- one in ten is cancelled, one in a hundred never arrives, the others are sent and arrive
        select case when luck < 0.1 then 3 when age > 12 and luck > 0.11 then 5 when age > luck * 3 then 4 else 2 end as status
    ) as statuses
) as parents;

-- name: amounts
insert into raw_temu.order_amounts
    (shop_id, parent_order_sn, api_type, source_updated_at, loaded_at, payload, payload_hash, run_id)
select o.shop_id, o.parent_order_sn, 'bg.order.amount.query', o.source_updated_at, %(loaded_at)s,
    jsonb_build_object(
        'parentOrderMap', jsonb_build_object('shippingAmountTotal', jsonb_build_object('amount', 0, 'currency', c),
            'estimatedRevenueDeduction', jsonb_build_object('amount', 0, 'currency', c)),
        'orderList', (
            select jsonb_agg(jsonb_build_object('orderSn', line -> 'orderSn', 'quantity', line -> 'originalOrderQuantity',
                'unitBasePrice', jsonb_build_object('amount', price, 'currency', c),
                'basePrice', jsonb_build_object('amount', price * (line ->> 'originalOrderQuantity')::int, 'currency', c),
                'discountFromSeller', jsonb_build_object('amount', 0, 'currency', c)))
            from jsonb_array_elements(o.payload -> 'orderList') as line
            cross join lateral (select 500 + (line ->> 'skuId')::bigint * 37 %% 4000 as price) as prices
        )
    ),
    decode(md5(random()::text), 'hex'), 'bench'
from raw_temu.orders as o
cross join lateral (select (array['USD', 'EUR', 'GBP', 'JPY'])[1 + o.shop_id %% 4] as c) as currencies
where o.shop_id %% 5 <> 0
    and o.parent_order_sn between 'PO-211-' || lpad(%(first)s::text, 17, '0') and 'PO-211-' || lpad(%(last)s::text, 17, '0');

-- name: cases
insert into raw_temu.after_sales (shop_id, parent_after_sales_sn, parent_order_sn, status, source_updated_at, payload,
    payload_hash, run_id)
select shop_id, 'PA-' || parent_order_sn, parent_order_sn, 5, source_updated_at + interval '3 days',
    jsonb_build_object('afterSalesType', 1, 'createAt', extract(epoch from source_updated_at)::bigint), decode(md5(random()::text), 'hex'), 'bench'
from raw_temu.orders where status = 5 and right(parent_order_sn, 2)::integer < 5;

-- name: case_details
insert into raw_temu.after_sales_details (shop_id, parent_after_sales_sn, parent_order_sn, source_updated_at, payload,
    payload_hash, run_id)
select c.shop_id, c.parent_after_sales_sn, c.parent_order_sn, c.source_updated_at,
    jsonb_build_object('afterSalesList', jsonb_build_array(jsonb_build_object('afterSalesSn', 'A' || c.parent_after_sales_sn,
        'orderSn', o.payload -> 'orderList' -> 0 -> 'orderSn', 'afterSalesStatus', 5, 'applyAfterSalesGoodsNumber', 1,
        'applyRefundAmount', jsonb_build_object('amount', 900, 'currency', 'USD'),
        'afterSalesGoodsInfo', jsonb_build_object('skuId', o.payload -> 'orderList' -> 0 -> 'skuId',
            'productList', o.payload -> 'orderList' -> 0 -> 'productList')))), decode(md5(random()::text), 'hex'), 'bench'
from raw_temu.after_sales as c inner join raw_temu.orders as o using (shop_id, parent_order_sn);

-- name: charges
insert into raw_files.order_charges
    (shop_id, parent_order_sn, charge_type, amount, currency, charge_date, source_file, file_hash, row_no, run_id)
select shop_id, parent_order_sn, (array['first_mile', 'last_mile', 'penalty'])[1 + d %% 3], 1 + d %% 9, 'CNY',
    order_time::date + 2, 'charges.csv', 'charges', row_number() over (), 'bench'
from raw_temu.orders cross join lateral (select right(parent_order_sn, 3)::integer as d) as digits where d < 100;

-- name: settlements
insert into raw_files.settlement_lines (shop_id, settlement_sn, line_no, parent_order_sn, line_type, amount, currency,
    settled_at, source_file, file_hash, row_no, run_id)
select shop_id, 'ST-' || to_char(order_time, 'IYYYIW'), row_number() over (), parent_order_sn, 'sales_receipt', 42.50,
    'CNY', order_time + interval '18 days', 'settlements.csv', 'settlements', row_number() over (), 'bench'
from raw_temu.orders where status = 5 and order_time < %(last_day)s::timestamptz - interval '18 days';

-- name: cost_edit
with edited as (
    update raw_files.product_costs set closed_at = %(last_day)s::timestamptz - interval '60 days'
    where sku_code = 'SKU-00400' and effective_to is null
    returning sku_code, cost_price, currency, closed_at
)
insert into raw_files.product_costs
    (shop_id, sku_code, cost_price, currency, effective_from, effective_to, source_file, file_hash, row_no, run_id)
select null, sku_code, cost_price + 1, currency, closed_at, null, 'edit.csv', 'edit', 1, 'bench'
from edited;

-- name: forget_orders
delete from raw_temu.orders where parent_order_sn > 'PO-211-' || lpad(%(last)s::text, 17, '0');

-- name: forget_amounts
delete from raw_temu.order_amounts where parent_order_sn > 'PO-211-' || lpad(%(last)s::text, 17, '0');

-- name: forget_cost_edit
with edited as (
    delete from raw_files.product_costs where file_hash = 'edit' returning sku_code
)
update raw_files.product_costs set closed_at = null
where sku_code in (select sku_code from edited) and effective_to is null and file_hash <> 'edit';
