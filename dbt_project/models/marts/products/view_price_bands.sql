{%- set bounds = [5, 10, 20, 30, 50, 80, 120, 200, 500] %}
with lines as (
    select
        shop_id,
        coalesce(category, '') as category,
        {{ month_of('order_date') }} as month_start,
        width_bucket(gmv_cny / units, array{{ bounds }}::numeric[]) as band_no, -- half-open: 5.00 lies in 5–10
        units,
        gmv_cny
    from {{ ref('fct_order_lines_costed') }}
    where is_sale and gmv_cny is not null and order_date <= {{ as_of_date() }}
),

bands (band_no, band) as (
    values
    (0, '< {{ bounds[0] }}'),
    {%- for bound in bounds[1:] %}
    ({{ loop.index }}, '{{ bounds[loop.index0] }} – {{ bound }}'),
    {%- endfor %}
    ({{ bounds | length }}, '≥ {{ bounds[-1] }}')
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    lines.month_start,
    lines.shop_id,
    lines.category,
    lines.band_no,
    bands.band,
    shops.shop_name,
    shops.region,
    count(*) as order_lines,
    sum(lines.units)::bigint as units_sold,
    sum(lines.gmv_cny)::numeric(38, 2) as gmv_cny,
    {{ refreshed_at() }} as _refreshed_at
from lines
inner join bands using (band_no)
inner join shops using (shop_id)
group by lines.month_start, lines.shop_id, lines.category, lines.band_no, bands.band, shops.shop_name, shops.region
