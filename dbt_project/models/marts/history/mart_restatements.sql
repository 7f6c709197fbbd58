with explained as (
    select * from {{ ref('int_line_changes__explained') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

closings as (
    select month_start, shop_id, max(closed_at) as closed_at
    from {{ ref('int_month_closings__typed') }}
    group by month_start, shop_id
)

select
    explained.changed_at as restated_at,
    explained.order_date,
    {{ month_of('explained.order_date') }} as month_start,
    explained.shop_id,
    shops.shop_name,
    explained.parent_key,
    explained.order_sn,
    explained.sku_code,
    explained.order_line_key,
    explained.cause,
    case explained.cause
        when 'late_order' then '迟到订单 Late order'
        when 'removed' then '移出 Removed'
        when 'day_moved' then '改日 Day moved'
        when 'status_change' then '状态变化 Status change'
        when 're_match' then '重新匹配 Re-match'
        when 'amount' then '金额修正 Amount'
        when 'fx' then '汇率 FX'
        when 'refund' then '退款 Refund'
        when 'cost_edit' then '成本修改 Cost edit'
        when 'fee_rate' then '费率 Fee rate'
        when 'charge' then '费用与结算 Charge, settlement'
    end as cause_name,
    explained.gmv_cny::numeric(38, 2) as gmv_delta_cny,
    explained.net_revenue_cny::numeric(38, 2) as net_revenue_delta_cny,
    explained.profit_cny::numeric(38, 2) as profit_delta_cny,
    coalesce(explained.changed_at > closings.closed_at, false) as is_adjustment,
    {{ refreshed_at() }} as _refreshed_at
from explained
left join shops using (shop_id)
left join closings
    on explained.shop_id = closings.shop_id and {{ month_of('explained.order_date') }} = closings.month_start
