-- Each change of a published line as causes that add up to it exactly. One row per order line, instant, business day and
-- cause (order_line_key, changed_at, order_date, cause).
with changes as (
    select
        *,
        case
            when not has_before then 'late_order'
            when not has_after then 'removed'
            when b_shop_id <> a_shop_id or b_order_date <> a_order_date then 'day_moved'
            when b_is_sale <> a_is_sale then 'status_change'
        end as whole_cause,
        coalesce(b_gmv_cny > 0 and b_refund_cny = b_gmv_cny, false) as was_refunded_whole,
        (b_match_method, b_matched_product_id) is distinct from (a_match_method, a_matched_product_id) as is_rematched,
        greatest(b_cogs_units + coalesce(a_quantity, 0) - coalesce(b_quantity, 0), 0) as units_after_amount
    from {{ ref('int_line_changes__paired') }}
),

whole as ( -- one cause for all of it: out of the old day, into the new one
    select order_line_key, changed_at, whole_cause as cause, b_shop_id as shop_id, b_order_date as order_date,
        b_parent_key as parent_key, b_order_sn as order_sn, b_sku_code as sku_code,
        -coalesce(b_gmv_cny, 0) as gmv_cny,
        -{{ net_of('b_gmv_cny', 'b_refund_cny') }} as net_revenue_cny,
        -{{ profit_of('b_gmv_cny', 'b_refund_cny', 'b_cogs_cny', 'b_platform_fee_cny', 'b_payment_fee_cny', 'b_charges_cny') }}
            as profit_cny
    from changes
    where whole_cause is not null and has_before
    union all
    select order_line_key, changed_at, whole_cause, a_shop_id, a_order_date, a_parent_key, a_order_sn, a_sku_code,
        coalesce(a_gmv_cny, 0),
        {{ net_of('a_gmv_cny', 'a_refund_cny') }},
        {{ profit_of('a_gmv_cny', 'a_refund_cny', 'a_cogs_cny', 'a_platform_fee_cny', 'a_payment_fee_cny', 'a_charges_cny') }}
    from changes
    where whole_cause is not null and has_after
),

steps_0 as (
    select
        *,
        b_gmv_cny as gmv_0, b_refund_cny as refund_0, b_cogs_cny as cogs_0,
        -- re-match: the supply price and the cost of the other listing
        case
            when is_rematched and 'product_supply' in (a_price_source, b_price_source)
                then case when a_is_sale then round(a_line_amount * b_fx_rate, 2) else 0 end
            else b_gmv_cny
        end as gmv_1,
        case when is_rematched then a_cogs_cny else b_cogs_cny end as cogs_1
    from changes
    where whole_cause is null
),

steps_1 as (
    select
        *,
        {{ kept_refund('refund_0', 'gmv_1') }} as refund_1,
        -- amount: price and quantity, at the old rate
        case when not a_is_sale then a_gmv_cny else round(a_line_amount * b_fx_rate, 2) end as gmv_2,
        case
            when is_rematched or units_after_amount = b_cogs_units then cogs_1
            when b_cogs_units = 0 then a_cogs_cny
            else round(cogs_1 * units_after_amount / b_cogs_units, 2)
        end as cogs_2
    from steps_0
),

steps_2 as (
    select
        *,
        {{ kept_refund('refund_1', 'gmv_2') }} as refund_2,
        a_gmv_cny as gmv_3, -- fx: the rates of the day, of the sale and of the cost
        case
            when not is_rematched and b_cost_price = a_cost_price and b_cost_currency = a_cost_currency
                and b_cost_fx_rate <> a_cost_fx_rate then round(cogs_2 * a_cost_fx_rate / b_cost_fx_rate, 2)
            else cogs_2
        end as cogs_3
    from steps_1
),

steps_3 as (
    select
        *,
        {{ kept_refund('case when b_fx_rate <> a_fx_rate then round(refund_2 * a_fx_rate / nullif(b_fx_rate, 0), 2) else refund_2 end', 'gmv_3') }}
            as refund_3,
        a_refund_cny as refund_4, -- refund: what was taken back, and the goods that came back
        case
            when is_rematched or a_cogs_units = units_after_amount then cogs_3
            when units_after_amount = 0 then a_cogs_cny
            else round(cogs_3 * a_cogs_units / units_after_amount, 2)
        end as cogs_4
    from steps_2
),

steps as ( -- the fees follow the money at their old rates until their own step
    {%- for cause in restatement_causes() %}
    {%- set n = loop.index %}
    {%- set gmv = ['gmv_1', 'gmv_2', 'gmv_3', 'gmv_3', 'gmv_3', 'gmv_3', 'gmv_3'][loop.index0] %}
    {%- set refund = ['refund_1', 'refund_2', 'refund_3', 'refund_4', 'refund_4', 'refund_4', 'refund_4'][loop.index0] %}
    {%- set cogs = ['cogs_1', 'cogs_2', 'cogs_3', 'cogs_4', 'a_cogs_cny', 'a_cogs_cny', 'a_cogs_cny'][loop.index0] %}
    {%- set platform = old_fee('b_platform_rate', gmv ~ ' - ' ~ refund) if n < 6 else 'a_platform_fee_cny' %}
    {%- set payment = old_fee('b_payment_rate', gmv) if n < 6 else 'a_payment_fee_cny' %}
    {%- set charges = 'b_charges_cny' if n < 7 else 'a_charges_cny' %}
    select order_line_key, changed_at, {{ n }} as step, '{{ cause }}' as cause, a_shop_id as shop_id,
        a_order_date as order_date, a_parent_key as parent_key, a_order_sn as order_sn, a_sku_code as sku_code,
        coalesce({{ gmv }}, 0) as gmv_cny,
        {{ net_of(gmv, refund) }} as net_revenue_cny,
        {{ profit_of(gmv, refund, cogs, '(case when a_is_sale then ' ~ platform ~ ' else 0 end)', '(case when a_is_sale then ' ~ payment ~ ' else 0 end)', charges) }}
            as profit_cny
    from steps_3
    union all
    {%- endfor %}
    select order_line_key, changed_at, 0, 'before', a_shop_id, a_order_date, a_parent_key, a_order_sn, a_sku_code,
        coalesce(b_gmv_cny, 0),
        {{ net_of('b_gmv_cny', 'b_refund_cny') }},
        {{ profit_of('b_gmv_cny', 'b_refund_cny', 'b_cogs_cny', 'b_platform_fee_cny', 'b_payment_fee_cny', 'b_charges_cny') }}
    from steps_3
),

differences as (
    select
        order_line_key, changed_at, cause, shop_id, order_date, parent_key, order_sn, sku_code, step,
        gmv_cny - lag(gmv_cny) over by_step as gmv_cny,
        net_revenue_cny - lag(net_revenue_cny) over by_step as net_revenue_cny,
        profit_cny - lag(profit_cny) over by_step as profit_cny
    from steps
    window by_step as (partition by order_line_key, changed_at order by step)
),

explained as (
    select order_line_key, changed_at, cause, shop_id, order_date, parent_key, order_sn, sku_code,
        gmv_cny, net_revenue_cny, profit_cny
    from differences
    where step > 0
    union all
    select order_line_key, changed_at, cause, shop_id, order_date, parent_key, order_sn, sku_code,
        sum(gmv_cny), sum(net_revenue_cny), sum(profit_cny)
    from whole
    group by order_line_key, changed_at, cause, shop_id, order_date, parent_key, order_sn, sku_code
)

select * from explained where gmv_cny <> 0 or net_revenue_cny <> 0 or profit_cny <> 0
