with cases as (
    select cases.*, coalesce(statuses.status, 'requested') as status
    from {{ ref('base_temu__after_sales_cases') }} as cases
    left join {{ ref('after_sales_statuses') }} as statuses using (after_sales_status)
),

weighted as ( -- completed cases share the loss by what buyers got back; where one got nothing, all share it by units
    select
        *,
        case
            when bool_and(coalesce(buyer_refund, 0) > 0) over (partition by shop_id, parent_order_sn, status = 'completed')
                then buyer_refund
            else greatest(coalesce(refund_quantity, 1), 1)
        end as weight
    from cases
),

shared as (
    select
        weighted.*,
        sum(weighted.weight) over completed as total_weight,
        sum(weighted.weight) over (completed order by weighted.refund_sn) as running_weight,
        losses.loss,
        losses.currency as loss_currency,
        case when losses.currency in ('JPY', 'KRW') then 0 else 2 end as decimals
    from weighted
    left join {{ ref('base_temu__seller_losses') }} as losses
        on weighted.shop_id = losses.shop_id
        and weighted.parent_order_sn = losses.parent_order_sn
        and weighted.status = 'completed'
    window completed as (partition by weighted.shop_id, weighted.parent_order_sn, weighted.status = 'completed')
)

select
    {{ natural_id('refund', ['shared.shop_id', 'shared.refund_sn']) }} as id,
    shared.refund_sn,
    shared.shop_id,
    shared.order_sn,
    shared.product_sku,
    shared.refund_quantity,
    case -- rounded running shares, so that they add up to the loss
        when shared.loss is not null then
            round(shared.loss * shared.running_weight / shared.total_weight, shared.decimals)
            - round(shared.loss * (shared.running_weight - shared.weight) / shared.total_weight, shared.decimals)
        when line_amounts.unit_base is not null
            then shared.refund_quantity * line_amounts.unit_price
        else shared.refund_quantity * shared.supply_price -- as ladder P does for the line itself
    end as refund_amount,
    case
        when shared.loss is not null then shared.loss_currency
        when line_amounts.unit_base is not null then line_amounts.currency
        else shared.supply_currency
    end as currency,
    -- Return and refund: the goods came back, unless the platform says that the buyer sent nothing. Refund only: they did not.
    shared.after_sales_type = '2' and shared.status = 'completed' and coalesce(shared.is_returned, true) as is_restocked,
    shared.status,
    case when shared.status = 'completed' then shared.source_updated_at else shared.created_at end as refund_time,
    shared.source_updated_at as updated_at
from shared
left join {{ ref('base_temu__order_line_amounts') }} as line_amounts using (shop_id, parent_order_sn, order_sn)
