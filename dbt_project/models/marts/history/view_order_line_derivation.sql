-- The whole arithmetic of a line as steps that people can read, computed when somebody asks. What reveals a cost stands in
-- columns of its own, so that it can be kept from those who may not see it.
{{ config(materialized='view') }}
with lines as (
    select
        lines.*,
        costed.cost_id, costed.cost_from, costed.cost_price, costed.cost_currency, costed.cost_fx_rate, costed.is_bundle,
        fee_rates.platform_rate, fee_rates.payment_rate,
        fx_rates.effective_from as fx_from,
        records.raw_table, records.loaded_at, records.run_id, records.amounts_loaded_at, records.amounts_run_id,
        (
            select sum(charges.charges_cny)
            from {{ ref('int_order_charges__allocated') }} as charges
            where charges.shop_id = lines.shop_id and charges.parent_key = lines.parent_key
        ) as parent_charges_cny
    from {{ ref('fct_order_lines_costed') }} as lines
    inner join {{ ref('int_order_lines__costed') }} as costed using (order_line_key)
    left join {{ ref('int_fee_rates__daily') }} as fee_rates
        on lines.shop_id = fee_rates.shop_id and lines.order_date = fee_rates.rate_date
    left join {{ ref('int_fx_rates__daily') }} as fx_rates
        on lines.line_currency = fx_rates.currency and lines.order_date = fx_rates.rate_date
    left join {{ ref('int_order_records__known') }} as records
        on lines.shop_id = records.shop_id and lines.parent_key = records.parent_order_sn
)

select
    lines.order_line_key,
    lines.shop_id,
    lines.shop_name,
    lines.parent_key,
    lines.order_sn,
    lines.sku_code,
    lines.manager,
    lines.order_date,
    lines.order_placed_at,
    steps.step_no,
    steps.step_name,
    steps.arithmetic,
    steps.cost_arithmetic,
    steps.result_cny::numeric(38, 2) as result_cny,
    steps.cost_result_cny::numeric(38, 2) as cost_result_cny,
    lines._refreshed_at
from lines
cross join lateral (
    values
    (
        1, '来源记录 Source record',
        coalesce(
            lines.raw_table || ' (' || lines.shop_id || ', ' || lines.parent_key || '), ' || {{ instant('lines.loaded_at') }}
            || ', run ' || lines.run_id
            || coalesce('; raw_temu.order_amounts ' || {{ instant('lines.amounts_loaded_at') }} || ', run ' || lines.amounts_run_id, ''),
            'staging.stg_temu__orders, id ' || coalesce(lines.order_line_id::text, '?')
        ),
        null, null, null
    ),
    (
        2, '下单日 Business day',
        {{ instant('lines.order_placed_at') }} || ' → ' || lines.order_date || ' ({{ var("reporting_timezone") }}, T2)',
        null, null, null
    ),
    (
        3, '状态 Status',
        lines.status || ', ' || coalesce(lines.quantity::text, '?') || ' 件 units → '
        || case when lines.is_sale then '有效销售 sale' else '非销售 no sale' end || ' (S4)',
        null, null, null
    ),
    (
        4, '匹配 Match',
        lines.match_method || coalesce(' → listing ' || lines.matched_product_id, '') || ' → ' || lines.sku_code
        || ', ' || lines.manager || ' (M, K, G)',
        null, null, null
    ),
    (
        5, '金额 Amount',
        lines.price_source || ': ' || {{ said('lines.line_amount') }} || ' ' || coalesce(lines.line_currency, '?') || ' (P)',
        null, null, null
    ),
    (
        6, '汇率 Rate',
        '1 ' || coalesce(lines.line_currency, '?') || ' = ' || {{ said('lines.fx_rate') }} || ' {{ var("reporting_currency") }}, '
        || lines.order_date || coalesce(' (自 since ' || lines.fx_from || ')', '') || ' (F)',
        null, null, null
    ),
    (
        7, 'GMV',
        case
            when lines.is_sale
                then {{ said('lines.line_amount') }} || ' × ' || {{ said('lines.fx_rate') }} || ' = ' || {{ money('lines.gmv_cny') }}
            else '非销售 no sale: 0.00'
        end,
        null, lines.gmv_cny, null
    ),
    (
        8, '退款 Refund',
        case when lines.refund_inferred then '推定全额 inferred from the status, R3: ' else '' end
        || {{ money('lines.refund_cny') }} || ', ' || lines.units_refunded || ' 件 units (R2)',
        null, -lines.refund_cny, null
    ),
    (
        9, '净收入 Net revenue',
        {{ money('lines.gmv_cny') }} || ' − ' || {{ money('lines.refund_cny') }} || ' = ' || {{ money('lines.net_revenue_cny') }},
        null, lines.net_revenue_cny, null
    ),
    (
        10, '商品成本 Product cost', null,
        case
            when lines.cost_status = 'matched' and lines.is_bundle
                then '组合 bundle: ' || {{ said('lines.unit_cost_cny') }} || ' × ' || lines.cogs_units || ' = ' || {{ money('lines.cogs_cny') }}
            when lines.cost_status = 'matched'
                then 'cost ' || coalesce(lines.cost_id::text, '?') || ' (自 since ' || {{ instant('lines.cost_from') }} || '): '
                || {{ said('lines.cost_price') }} || ' ' || coalesce(lines.cost_currency, '?') || ' × ' || {{ said('lines.cost_fx_rate') }}
                || ' × ' || lines.cogs_units || ' = ' || {{ money('lines.cogs_cny') }}
            else lines.cost_status || ': ' || {{ money('lines.cogs_cny') }}
        end || ' (C)',
        null, -lines.cogs_cny
    ),
    (
        11, '平台佣金 Platform fee',
        {{ said('coalesce(lines.platform_rate, 0)') }} || ' × ' || {{ money('lines.net_revenue_cny') }} || ' = '
        || {{ money('lines.platform_fee_cny') }} || ' (E)',
        null, -lines.platform_fee_cny, null
    ),
    (
        12, '支付手续费 Payment fee',
        {{ said('coalesce(lines.payment_rate, 0)') }} || ' × ' || {{ money('lines.gmv_cny') }} || ' = '
        || {{ money('lines.payment_fee_cny') }} || ' (E)',
        null, -lines.payment_fee_cny, null
    ),
    (
        13, '费用分摊 Charge share',
        {{ money('lines.charges_cny') }} || ' / ' || {{ money('coalesce(lines.parent_charges_cny, 0)') }}
        || ' 父单费用 of the parent, by GMV (A2)',
        null, -lines.charges_cny, null
    ),
    (
        14, '利润 Profit', null,
        {{ money('lines.net_revenue_cny') }} || ' − ' || {{ money('lines.cogs_cny') }} || ' − ' || {{ money('lines.platform_fee_cny') }}
        || ' − ' || {{ money('lines.payment_fee_cny') }} || ' − ' || {{ money('lines.charges_cny') }} || ' = '
        || {{ money('lines.profit_cny') }} || ' (L)',
        null, lines.profit_cny
    )
) as steps (step_no, step_name, arithmetic, cost_arithmetic, result_cny, cost_result_cny)
