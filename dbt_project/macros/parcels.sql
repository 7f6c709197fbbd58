{# §6.7 over the sale lines of one parcel. delivery_time speaks only where the line is delivered or completed: before that
   the platform shows its promise. #}
{% macro parcel_facts() -%}
min(order_placed_at) as order_placed_at,
        min(order_date) as order_date,
        min(expect_ship_latest_time) as ship_deadline,
        min(shipping_time) as shipped_at,
        max(delivery_time) filter (where status in ('delivered', 'completed')) as delivered_at,
        min(latest_delivery_time) as promised_at,
        bool_or(is_shipped) as is_shipped,
        bool_and(status in ('delivered', 'completed')) as is_delivered,
        bool_or(status = 'paid') as has_paid_lines,
        count(*) as order_lines,
        sum(units) as units,
        sum(gmv_cny) as gmv_cny,
        min(manager) as manager,
        min(shipping_country) as shipping_country,
        min(shipping_state) as shipping_state,
        min(fulfillment_type) as fulfillment_type
{%- endmacro %}

{# Hours or days between two instants, 1 decimal; negative where the clocks disagree (flagged, never hidden). #}
{% macro hours_between(later, earlier) -%}
round(extract(epoch from {{ later }} - {{ earlier }})::numeric / 3600, 1)::numeric(38, 1)
{%- endmacro %}

{% macro days_between(later, earlier) -%}
round(extract(epoch from {{ later }} - {{ earlier }})::numeric / 86400, 1)::numeric(38, 1)
{%- endmacro %}

{# Percentile of a column of 1 decimal, interpolated. In tenths, which floats hold exactly, so that halves round as money. #}
{% macro percentile(fraction, column) -%}
round(
        round((percentile_cont({{ fraction }}) within group (order by ({{ column }} * 10)::double precision))::numeric, 6) / 10,
        1
    )::numeric(38, 1)
{%- endmacro %}
