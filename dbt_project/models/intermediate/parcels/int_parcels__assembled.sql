-- Which parcels a sale parent has, from its lines and from what the platform tells of parcels (§6.7). Lines without a
-- package number form the parcel '' – unless they are on their way in parcels that the platform tells of their parent.
-- One row per (shop_id, parent_key, package_sn) of parents with a sale line.
with shipments as (
    select * from {{ ref('int_shipments__scanned') }}
),

told_parents as (
    select distinct shop_id, parent_key from shipments where parent_key is not null
),

lines as (
    select
        lines.*,
        lines.shipping_time is not null or lines.status in ('shipped', 'delivered', 'completed') as is_shipped,
        told_parents.parent_key is not null as is_told
    from {{ ref('int_order_lines__priced') }} as lines
    left join told_parents using (shop_id, parent_key)
    where lines.is_sale
),

of_lines as (
    select
        shop_id,
        parent_key,
        coalesce(package_sn, case when is_told and is_shipped then null else '' end) as package_sn,
        {{ parcel_facts() }}
    from lines
    group by 1, 2, 3
),

parents as (
    select
        shop_id,
        parent_key,
        min(order_placed_at) as order_placed_at,
        min(order_date) as order_date,
        min(ship_deadline) as ship_deadline,
        min(shipped_at) as shipped_at,
        max(delivered_at) as delivered_at,
        min(promised_at) as promised_at,
        bool_or(is_shipped) as is_shipped,
        bool_and(is_delivered) as is_delivered,
        min(manager) as manager,
        min(shipping_country) as shipping_country,
        min(shipping_state) as shipping_state,
        min(fulfillment_type) as fulfillment_type
    from of_lines
    group by shop_id, parent_key
),

parcels as (
    select shop_id, parent_key, package_sn from of_lines where package_sn is not null
    union
    select shop_id, parent_key, package_sn
    from shipments
    inner join parents using (shop_id, parent_key)
)

select
    parcels.shop_id,
    parcels.parent_key,
    parcels.package_sn,
    parents.order_placed_at,
    parents.order_date,
    shipments.carrier,
    shipments.tracking_number,
    {%- for fact in ['ship_deadline', 'promised_at', 'manager', 'shipping_country', 'shipping_state', 'fulfillment_type'] %}
    coalesce(of_lines.{{ fact }}, parents.{{ fact }}) as {{ fact }},
    {%- endfor %}
    -- a parcel that no line names has no time of its own but the platform's
    coalesce(
        of_lines.shipped_at, shipments.shipped_at, case when of_lines.parent_key is null then parents.shipped_at end
    ) as shipped_at,
    coalesce(
        shipments.delivered_at, of_lines.delivered_at, case when of_lines.parent_key is null then parents.delivered_at end
    ) as delivered_at,
    coalesce(of_lines.is_shipped, parents.is_shipped) or shipments.shipped_at is not null
        or shipments.delivered_at is not null as is_shipped,
    coalesce(of_lines.is_delivered, parents.is_delivered) or coalesce(shipments.status = 'delivered', false) as is_delivered,
    coalesce(of_lines.has_paid_lines, false) as has_paid_lines,
    coalesce(of_lines.order_lines, 0) as order_lines,
    coalesce(of_lines.units, 0)::bigint as units,
    of_lines.gmv_cny::numeric(38, 2) as gmv_cny, -- unknown without a priced line of its own
    coalesce(shipments.scans, 0) as scans,
    shipments.last_scan_at,
    shipments.last_scan_status,
    shipments.last_scan_location,
    coalesce(shipments.last_scan_is_exception, false) as last_scan_is_exception
from parcels
inner join parents using (shop_id, parent_key)
left join of_lines using (shop_id, parent_key, package_sn)
left join shipments on parcels.shop_id = shipments.shop_id and parcels.package_sn = shipments.package_sn
