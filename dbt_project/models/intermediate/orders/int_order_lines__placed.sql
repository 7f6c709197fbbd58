-- Surviving order lines (D1, D2) with the business day of their parent (T), status (S), and why a line is
-- kept out of the marts, if so (Q). One row per (shop_id, order_sn, product_sku, spu_id).
{{ following('orders', above='int_orders__typed', keys='coalesce(shop_id, 0), parent_key', keys_above='touched_shop, touched_parent') }}
{{ reading_seed('order_status_codes') }} {{ reading_seed('order_status_texts') }}
with versions as not materialized (
    select
        *,
        {{ n2('product_sku') }} as product_sku_n2,
        {{ n3('currency') }} as order_currency,
        coalesce(parent_order_sn, order_sn, '') as parent_key,
        md5(concat_ws(
            chr(31), shop_id::text, coalesce(order_sn, ''), coalesce({{ n2('product_sku') }}, ''), coalesce(spu_id, '')
        )) as order_line_key
    from {{ ref('int_orders__typed') }}
    {{ only_touched('orders', keys='touched_shop, touched_parent') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

status_codes as (
    select * from {{ ref('order_status_codes') }}
),

status_texts as (
    select * from {{ ref('order_status_texts') }}
),

repeated_ids as (
    select id from versions where id is not null group by id having count(*) > 1
),

repeated_keys as (
    select order_line_key from versions group by order_line_key having count(*) > 1
),

marked as ( -- only rows that share an id or a key need sorting: the rest is unique already
    select
        versions.*,
        repeated_ids.id is not null or repeated_keys.order_line_key is not null as is_repeated
    from versions
    left join repeated_ids using (id)
    left join repeated_keys using (order_line_key)
),

newest_per_id as ( -- D1; rows without an id are all kept
    select distinct on (source_id) *
    from (
        select *, coalesce(id::text, 'row ' || row_number() over ()) as source_id
        from marked
        where is_repeated
    ) as repeated
    order by
        source_id, updated_at desc nulls last, order_time desc nulls last, quantity desc nulls last, total_price, fingerprint
),

newest_per_key as ( -- D2
    select distinct on (order_line_key) *
    from newest_per_id
    order by
        order_line_key, updated_at desc nulls last, id desc nulls last, quantity desc nulls last, fingerprint, source_id desc
),

surviving as materialized (
    select *, null::text as source_id from marked where not is_repeated
    union all
    select * from newest_per_key
),

parents as ( -- T1
    select shop_id, parent_key, coalesce(min(order_time), min(payment_time)) as order_placed_at
    from surviving
    group by shop_id, parent_key
),

joined as (
    select
        surviving.*,
        parents.order_placed_at,
        shops.shop_id is not null as has_shop,
        coalesce(shops.is_production, false) as is_production,
        shops.timezone,
        shops.default_manager,
        status_codes.status as code_status,
        status_texts.status as text_status
    from surviving
    left join parents using (shop_id, parent_key)
    left join shops using (shop_id)
    left join status_codes on surviving.temu_status_code = status_codes.temu_status_code
    left join status_texts on upper(surviving.status) = status_texts.status_text
),

classified as (
    select
        *,
        case -- S1 to S3; code 0 means "all" in the query and is never a status
            when text_status in ('refunded', 'completed') and temu_status_code in (4, 41, 5, 51) then text_status
            when coalesce(temu_status_code, 0) <> 0 then coalesce(code_status, 'unknown')
            else coalesce(text_status, 'unknown')
        end as line_status,
        case when quantity between -1000000000 and 1000000000 then quantity end as line_quantity
    from joined
)

select
    order_line_key,
    id as order_line_id,
    shop_id,
    order_sn,
    product_sku_n2 as product_sku,
    spu_id,
    parent_key,
    parent_order_sn,
    product_id,
    product_sku_id,
    product_name,
    line_status as status,
    coalesce(
        line_status in ('paid', 'shipped', 'delivered', 'completed', 'refunded') and line_quantity >= 1, false
    ) as is_sale, -- S4
    line_quantity as quantity,
    unit_price,
    total_price,
    order_currency,
    order_placed_at,
    {{ reporting_day('order_placed_at') }} as order_date,
    (order_placed_at at time zone coalesce(timezone, 'UTC'))::date as order_date_local,
    (order_placed_at at time zone 'UTC')::date as order_date_utc,
    extract(hour from order_placed_at at time zone coalesce(timezone, 'UTC'))::integer as order_hour_local,
    extract(isodow from order_placed_at at time zone coalesce(timezone, 'UTC'))::integer as order_weekday_local,
    default_manager,
    shipping_time,
    delivery_time,
    expect_ship_latest_time,
    latest_delivery_time,
    package_sn,
    customer_id,
    shipping_country,
    shipping_state,
    fulfillment_type,
    case
        when not has_shop then 'orphan_shop' -- Q1
        when not is_production then 'sandbox_shop' -- Q2
        when order_placed_at is null then 'no_order_time' -- Q3
    end as quarantine_reason
from classified
