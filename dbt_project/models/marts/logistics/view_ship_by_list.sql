with parcels as (
    select * from {{ ref('fct_shipments') }} where is_to_ship
),

lines as (
    select
        shop_id,
        parent_key,
        string_agg(distinct sku_code || ' × ' || units, ', ') as skus
    from {{ ref('fct_order_lines_costed') }}
    where is_sale and status = 'paid' and shipping_time is null
    group by shop_id, parent_key
)

select
    parcels.shop_id,
    parcels.parent_key,
    parcels.package_sn,
    parcels.shop_name,
    parcels.region,
    parcels.entity,
    parcels.business_model,
    parcels.manager,
    parcels.order_date,
    parcels.order_placed_at,
    parcels.ship_deadline,
    {{ hours_between('parcels.ship_deadline', 'parcels.judged_at') }} as hours_left,
    parcels.ship_status,
    case
        when parcels.ship_deadline is null then 'no_deadline'
        when parcels.ship_deadline < parcels.judged_at then 'overdue'
        when parcels.ship_deadline <= parcels.judged_at + interval '12 hours' then 'soon'
        else 'later'
    end as urgency,
    parcels.fulfillment_type,
    parcels.shipping_country,
    lines.skus,
    parcels.order_lines,
    parcels.units,
    parcels.gmv_cny,
    {{ refreshed_at() }} as _refreshed_at
from parcels
left join lines using (shop_id, parent_key)
