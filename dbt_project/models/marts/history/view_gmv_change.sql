{%- set today = as_of_date() -%}
{%- set this_month = month_of(today) -%}
-- What changed: GMV of a period against the one before, split into volume, price, mix and FX, which add up exactly. An
-- item is an article in one currency. FX: the amounts of now at the mean rate of then. Price: the units of now, sold then
-- too, at their price of now less that of then. Volume: more units at the mean price of then. Mix: what is left, that is
-- cheaper or dearer articles than the mean, new ones included.
with periods (period, first_day, last_day, first_day_before, last_day_before) as (
    values
    ('近7天 Last 7 days', {{ today }} - 6, {{ today }}, {{ today }} - 13, {{ today }} - 7),
    ('近30天 Last 30 days', {{ today }} - 29, {{ today }}, {{ today }} - 59, {{ today }} - 30),
    (
        '本月至今 Month to date', {{ this_month }}, {{ today }}, ({{ this_month }} - interval '1 month')::date,
        ({{ today }} - interval '1 month')::date
    ),
    (
        '上月 Last month', ({{ this_month }} - interval '1 month')::date, {{ this_month }} - 1,
        ({{ this_month }} - interval '2 months')::date, ({{ this_month }} - interval '1 month')::date - 1
    )
),

items as (
    select
        periods.period,
        lines.shop_id,
        lines.sku_code,
        lines.line_currency,
        {%- for name, days in [('0', 'between periods.first_day_before and periods.last_day_before'), ('1', 'between periods.first_day and periods.last_day')] %}
        coalesce(sum(lines.units) filter (where lines.order_date {{ days }}), 0) as units_{{ name }},
        coalesce(sum(lines.line_amount) filter (where lines.order_date {{ days }}), 0) as amount_{{ name }},
        coalesce(sum(lines.gmv_cny) filter (where lines.order_date {{ days }}), 0) as gmv_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from periods
    inner join {{ ref('fct_order_lines_costed') }} as lines
        on lines.order_date between periods.first_day_before and periods.last_day
        and lines.is_sale and lines.gmv_cny is not null
    group by periods.period, lines.shop_id, lines.sku_code, lines.line_currency
),

at_old_rates as ( -- a currency that nobody paid in then has no FX effect
    select
        *,
        coalesce(
            amount_1 * sum(gmv_0) over by_currency / nullif(sum(amount_0) over by_currency, 0), gmv_1
        ) as constant_1
    from items
    window by_currency as (partition by period, shop_id, line_currency)
),

sums as (
    select
        period,
        shop_id,
        sum(gmv_0) as gmv_before,
        sum(gmv_1) as gmv_after,
        round(sum(gmv_1 - constant_1), 2) as fx,
        round(coalesce(sum(constant_1 - units_1 * gmv_0 / nullif(units_0, 0)) filter (where units_0 > 0 and units_1 > 0), 0), 2)
            as price,
        round(coalesce((sum(units_1) - sum(units_0)) * sum(gmv_0) / nullif(sum(units_0), 0), sum(constant_1)), 2) as volume
    from at_old_rates
    group by period, shop_id
),

drivers as (
    select
        sums.*,
        gmv_after - gmv_before - fx - price - volume as mix
    from sums
)

select
    drivers.period,
    periods.first_day,
    periods.last_day,
    drivers.shop_id,
    shops.shop_name,
    shops.region,
    steps.driver_no,
    steps.driver,
    steps.amount_cny::numeric(38, 2) as amount_cny,
    {{ refreshed_at() }} as _refreshed_at
from drivers
inner join periods using (period)
inner join {{ ref('int_shops__zoned') }} as shops using (shop_id)
cross join lateral (
    values
    (1, '上期GMV Before', drivers.gmv_before),
    (2, '销量 Volume', drivers.volume),
    (3, '价格 Price', drivers.price),
    (4, '结构 Mix', drivers.mix),
    (5, '汇率 FX', drivers.fx),
    (6, '本期GMV After', drivers.gmv_after)
) as steps (driver_no, driver, amount_cny)
