{# One advertising report's figures out of its `summary`: of the advertising itself, after cancellations and refunds
   (net), and of the shop or goods with and without it (all). Money is told in minor units without its currency: amounts
   are unknown where `currency` is. #}
{% macro ad_figures(summary, currency) %}
{%- set counts = {
    'impressions': ('imprCnt', 'ad'),
    'clicks': ('clkCnt', 'ad'),
    'cart_additions': ('cartCnt', 'ad'),
    'ad_orders': ('orderPayCnt', 'ad'),
    'ad_units': ('goodsNum', 'ad'),
    'all_orders': ('orderPayCnt', 'total'),
} -%}
{%- set amounts = {
    'spend': ('spend', 'ad'),
    'net_spend': ('spend', 'netAd'),
    'ad_sales': ('orderPayAmt', 'ad'),
    'net_ad_sales': ('orderPayAmt', 'netAd'),
    'all_sales': ('orderPayAmt', 'total'),
} -%}
{%- for name, (metric, part) in counts.items() %}
    {{ json_bigint(summary ~ " #>> '{" ~ metric ~ "," ~ part ~ ",val}'") }} as {{ name }},
{%- endfor %}
{%- for name, (metric, part) in amounts.items() %}
    case
        when {{ currency }} is not null
            then {{ from_minor_units(json_number(summary ~ " #>> '{" ~ metric ~ "," ~ part ~ ",val}'"), currency) }}
    end as {{ name }},
{%- endfor %}
    {{ json_bigint(summary ~ " #>> '{roas,ad,val}'") }} / 10000.0 as roas
{%- endmacro %}
