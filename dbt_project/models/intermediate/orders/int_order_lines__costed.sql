-- Lines with refunds (R) and product cost (C). One row per order line of production shops, every status.
{{ following('parents', above='int_order_lines__priced') }}
{{ config(indexes=[{'columns': ['order_line_key'], 'type': 'hash'}]) }} {# the derivation reads single lines #}
with lines as (
    select * from {{ ref('int_order_lines__priced') }} {{ only_touched('parents') }}
),

refund_sums as (
    select
        order_line_key,
        coalesce(sum(refund_cny), 0) as refund_cny,
        coalesce(sum(refund_quantity), 0) as units_refunded,
        coalesce(sum(refund_quantity) filter (where is_restocked), 0) as units_restocked
    from {{ ref('int_refunds__attached') }}
    where quarantine_reason is null
    group by order_line_key
),

costs as (
    select * from {{ ref('int_product_costs__segmented') }}
),

bundles as (
    select * from {{ ref('int_bundle_costs__summed') }}
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }}
),

refunded as (
    select
        lines.*,
        lines.is_sale and lines.status = 'refunded' and refund_sums.order_line_key is null as refund_inferred, -- R3
        case
            when not lines.is_sale then 0.00 -- R5
            when lines.status = 'refunded' and refund_sums.order_line_key is null then lines.gmv_cny
            else least(greatest(coalesce(refund_sums.refund_cny, 0.00), 0.00), lines.gmv_cny) -- R2
        end as refund_known,
        case
            when not lines.is_sale then 0
            when lines.status = 'refunded' and refund_sums.order_line_key is null then lines.quantity
            else least(coalesce(refund_sums.units_refunded, 0), lines.quantity)
        end as units_refunded,
        case
            when not lines.is_sale then 0
            when lines.status = 'refunded' and lines.shipping_time is null then lines.quantity -- R4
            else least(coalesce(refund_sums.units_restocked, 0), lines.quantity)
        end as units_restocked
    from lines
    left join refund_sums using (order_line_key)
),

with_cost as (
    select
        refunded.*,
        refunded.units - refunded.units_restocked as cogs_units, -- C3
        bundles.order_line_key is not null as is_bundle,
        bundles.cost_status as bundle_status,
        bundles.unit_cost as bundle_unit_cost,
        bundles.est_unit_cost as bundle_est_unit_cost,
        bundles.is_overlap as bundle_overlap,
        costs.product_id is not null as has_cost_rows,
        costs.is_valid,
        costs.is_overlap,
        costs.cost_id,
        costs.cost_from,
        costs.cost_price,
        costs.currency as cost_currency,
        {{ fx('costs.currency', 'rates.rate') }} as cost_fx_rate,
        costs.cost_price * {{ fx('costs.currency', 'rates.rate') }} as unit_cost
    from refunded
    left join bundles using (order_line_key)
    left join costs
        on refunded.matched_product_id = costs.product_id
        and refunded.order_placed_at >= costs.segment_from
        and (costs.segment_to is null or refunded.order_placed_at < costs.segment_to)
    left join rates on costs.currency = rates.currency and refunded.order_date = rates.rate_date
),

statused as (
    select
        *,
        case -- C4
            when cogs_units = 0 then 'not_required'
            when is_bundle then bundle_status
            when matched_product_id is null then 'no_product'
            when not has_cost_rows then 'no_cost'
            when not is_valid then 'gap'
            when unit_cost is null then 'no_fx'
            else 'matched'
        end as cost_status,
        case when is_bundle then bundle_unit_cost else unit_cost end as cost_of_unit,
        case when is_bundle then bundle_est_unit_cost else unit_cost end as est_cost_of_unit
    from with_cost
)

select
    *,
    case when gmv_cny is not null then refund_known end::numeric(38, 2) as refund_cny, -- R5
    (gmv_cny - refund_known)::numeric(38, 2) as net_revenue_cny,
    cogs_units > 0 and coalesce(case when is_bundle then bundle_overlap else is_overlap and is_valid end, false)
        as cost_overlap,
    case when cost_status = 'matched' then round(cost_of_unit, 4) end as unit_cost_cny,
    case cost_status
        when 'not_required' then 0.00
        when 'matched' then round(cost_of_unit * cogs_units, 2)
    end::numeric(38, 2) as cogs_cny,
    case cost_status
        when 'not_required' then 0.00
        when 'matched' then round(cost_of_unit * cogs_units, 2)
        when 'gap' then round(est_cost_of_unit * cogs_units, 2) -- C5
    end::numeric(38, 2) as est_cogs_cny
from statused
