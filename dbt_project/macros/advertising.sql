{# One advertising report's figures out of its `summary`: of the advertising itself, after cancellations and refunds
   (net), and of the shop or goods with and without it (all). Money stays in minor units: the report names no currency. #}
{% macro ad_figures(summary) %}
{%- set names = {
    'impressions': ('imprCnt', 'ad'),
    'clicks': ('clkCnt', 'ad'),
    'cart_additions': ('cartCnt', 'ad'),
    'ad_orders': ('orderPayCnt', 'ad'),
    'ad_units': ('goodsNum', 'ad'),
    'spend_minor': ('spend', 'ad'),
    'net_spend_minor': ('spend', 'netAd'),
    'ad_sales_minor': ('orderPayAmt', 'ad'),
    'net_ad_sales_minor': ('orderPayAmt', 'netAd'),
    'all_orders': ('orderPayCnt', 'total'),
    'all_sales_minor': ('orderPayAmt', 'total'),
} -%}
{%- for name, (metric, part) in names.items() %}
    {{ json_bigint(summary ~ " #>> '{" ~ metric ~ "," ~ part ~ ",val}'") }} as {{ name }},
{%- endfor %}
    {{ json_bigint(summary ~ " #>> '{roas,ad,val}'") }} / 10000.0 as roas
{%- endmacro %}
