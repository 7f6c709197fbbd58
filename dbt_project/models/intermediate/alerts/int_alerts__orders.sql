-- What is odd about orders now (§7.2), one query per rule. Lines and days are looked at for 30 days, parcels as long as
-- they are open. One row per (rule, entity_key) that holds; entity_key begins with the shop.
with lines as (
    select
        *,
        concat_ws(':', shop_id, coalesce(order_sn, ''), coalesce(product_sku, ''), coalesce(spu_id, '')) as line_entity,
        gmv_cny / nullif(units, 0) as unit_cny,
        is_sale and order_date <= {{ as_of_date() }} and sku_code <> '{{ var("unknown_sku") }}' as is_typical
    from {{ ref('fct_order_lines_costed') }}
    where order_date > {{ as_of_date() }} - 30
),

typical as ( -- of an article over all shops
    select
        sku_code,
        count(unit_cny) as priced_lines,
        {{ exact_median('unit_cny') }} as unit_cny,
        {{ exact_median('quantity') }} as quantity
    from lines
    where is_typical
    group by sku_code
),

parcels as (
    select
        *,
        concat_ws(':', shop_id, parent_key, nullif(package_sn, '')) as parcel_entity,
        extract(epoch from ship_deadline - judged_at) / 3600 as hours_left,
        ship_deadline < judged_at as is_past_deadline
    from {{ ref('fct_shipments') }}
),

purchases as ( -- of one customer; lines of one parent are one purchase
    select distinct lines.shop_id, customers.customer_id, lines.sku_code, lines.quantity, lines.parent_key,
        lines.order_date, lines.order_placed_at,
        min(lines.manager) over (partition by lines.shop_id, lines.parent_key) as manager
    from lines
    inner join {{ ref('int_order_lines__placed') }} as customers using (order_line_key)
    where lines.is_sale and customers.customer_id is not null and lines.sku_code <> '{{ var("unknown_sku") }}'
),

repeated as (
    select
        *,
        order_placed_at - lag(order_placed_at) over (
            partition by shop_id, customer_id, sku_code, quantity order by order_placed_at, parent_key
        ) as since_before
    from purchases
),

shop_days as (
    select shop_id, order_date, orders, gmv_cny, refund_cny
    from {{ ref('mart_gmv_daily') }}
    where order_date <= {{ as_of_date() }} and order_date > {{ as_of_date() }} - 30 - 56
),

compared as ( -- a day beside the same weekday of the eight weeks before
    select days.shop_id, days.order_date, days.orders, before.orders as orders_before
    from shop_days as days
    inner join shop_days as before
        on days.shop_id = before.shop_id
        and before.order_date between days.order_date - 56 and days.order_date - 7
        and (days.order_date - before.order_date) % 7 = 0
    where days.order_date > {{ as_of_date() }} - 30
),

medians as (
    select shop_id, order_date, orders, {{ exact_median('orders_before') }} as median
    from compared
    group by shop_id, order_date, orders
    having count(*) = 8
),

deviations as (
    select
        medians.shop_id,
        medians.order_date,
        abs(medians.orders - medians.median) as distance,
        greatest(1, 1.4826 * {{ exact_median('abs(compared.orders_before - medians.median)') }}) as spread
    from medians
    inner join compared using (shop_id, order_date)
    group by medians.shop_id, medians.order_date, medians.orders, medians.median
),

refund_cases as (
    select shop_id, count(*) as refunds
    from (
        select shop_id
        from {{ ref('int_refunds__attached') }}
        where quarantine_reason is null and is_of_priced_sale
            and order_date between {{ as_of_date() }} - 6 and {{ as_of_date() }}
        union all
        select shop_id
        from lines
        where refund_inferred and order_date between {{ as_of_date() }} - 6 and {{ as_of_date() }}
    ) as cases
    group by shop_id
),

refund_rates as (
    select
        shop_id,
        sum(refund_cny) filter (where order_date > {{ as_of_date() }} - 7) as refund_7d,
        sum(gmv_cny) filter (where order_date > {{ as_of_date() }} - 7) as gmv_7d,
        sum(refund_cny) filter (where order_date > {{ as_of_date() }} - 28) as refund_28d,
        sum(gmv_cny) filter (where order_date > {{ as_of_date() }} - 28) as gmv_28d
    from shop_days
    group by shop_id
),

shops as (
    select shop_id, default_manager from {{ ref('int_shops__zoned') }}
),

holding as (
    select
        'ship_soon' as rule, parcel_entity as entity_key, shop_id, manager, parent_key, order_date,
        hours_left as observed, 12::numeric as threshold
    from parcels
    where is_to_ship and not is_past_deadline and hours_left <= 12
    union all
    select 'ship_overdue', parcel_entity, shop_id, manager, parent_key, order_date, hours_left, 0
    from parcels
    where is_to_ship and is_past_deadline
    union all
    select
        'delivery_overdue', parcel_entity, shop_id, manager, parent_key, order_date,
        extract(epoch from judged_at - promised_at) / 86400, 0
    from parcels
    where delivery_status = 'overdue'
    union all
    select
        'stalled', parcel_entity, shop_id, manager, parent_key, order_date,
        extract(epoch from judged_at - greatest(shipped_at, last_scan_at)) / 86400, 5
    from parcels
    where exception_reason = 'stalled'
    union all
    select 'negative_margin', line_entity, shop_id, manager, parent_key, order_date, profit_cny, 0
    from lines
    where profit_cny < 0 and status <> 'refunded' and coalesce(refund_cny, 0) = 0
    union all
    select
        'price_outlier', lines.line_entity, lines.shop_id, lines.manager, lines.parent_key, lines.order_date,
        lines.unit_cny, typical.unit_cny
    from lines
    inner join typical using (sku_code)
    where lines.is_sale and typical.priced_lines >= 5 and abs(lines.unit_cny - typical.unit_cny) > 0.5 * typical.unit_cny
    union all
    select
        'bulk_quantity', lines.line_entity, lines.shop_id, lines.manager, lines.parent_key, lines.order_date,
        lines.quantity, least(20, 10 * typical.quantity)
    from lines
    left join typical using (sku_code)
    where lines.is_sale and lines.quantity >= least(20, 10 * typical.quantity) -- LEAST ignores NULL
    union all
    select
        'duplicate_suspect', concat_ws(':', shop_id, parent_key, sku_code), shop_id, manager, parent_key, order_date,
        extract(epoch from since_before) / 60, 10
    from repeated
    where since_before <= interval '10 minutes'
    union all
    select
        'volume_anomaly', concat_ws(':', shop_id, order_date), shop_id, shops.default_manager, null, order_date,
        distance / spread, 3.5
    from deviations
    left join shops using (shop_id)
    where distance >= 5 and distance / spread > 3.5
    union all
    select
        'refund_spike', shop_id::text, shop_id, shops.default_manager, null, null,
        refund_7d / gmv_7d, 2 * refund_28d / gmv_28d
    from refund_rates
    inner join refund_cases using (shop_id)
    left join shops using (shop_id)
    where refund_cases.refunds >= 5 and gmv_7d > 0 and gmv_28d > 0 and refund_7d * gmv_28d > 2 * refund_28d * gmv_7d
    union all
    select flags.rule, lines.line_entity, lines.shop_id, lines.manager, lines.parent_key, lines.order_date, null, null
    from lines
    cross join lateral (
        values
        ('cancel_after_ship', lines.status = 'cancelled' and lines.shipping_time is not null),
        ('unpriced', lines.is_sale and lines.gmv_cny is null),
        ('uncosted', lines.is_sale and lines.cogs_cny is null),
        ('unmatched', lines.is_sale and lines.match_method = 'unmatched'),
        ('no_fx', lines.is_sale and (
            (lines.line_amount is not null and lines.fx_rate is null) or lines.cost_status = 'no_fx'
        )),
        ('unknown_status', lines.status = 'unknown')
    ) as flags (rule, is_set)
    where flags.is_set
)

select
    rule,
    entity_key,
    min(shop_id) as shop_id,
    min(manager) as manager,
    min(parent_key) as parent_key,
    min(order_date) as order_date,
    max(observed)::numeric(38, 4) as observed,
    max(threshold)::numeric(38, 4) as threshold
from holding
group by rule, entity_key
