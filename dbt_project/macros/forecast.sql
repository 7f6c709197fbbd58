{# §6.10 on the sums of a day's windows: level = mean of up to 28 days, index = mean of the weekday ÷ mean of 56 days. #}

{% macro weekday_index(windows, gmv_of_weekday) -%}
case when {{ windows }}.history_days >= 56 then coalesce({{ gmv_of_weekday }} * 7 / nullif({{ windows }}.gmv_56d, 0), 1) else 1 end
{%- endmacro %}

{# Divided once, rounded once. Without any sale in 56 days the level is 0 and so is the forecast. #}
{% macro gmv_forecast(windows, gmv_of_weekday) -%}
round(
    case
        when {{ windows }}.history_days >= 56 and {{ windows }}.gmv_56d <> 0
            then {{ windows }}.gmv_28d * {{ gmv_of_weekday }} * 7 / (28 * {{ windows }}.gmv_56d)
        else {{ windows }}.gmv_28d / least({{ windows }}.history_days, 28)
    end,
    2
)
{%- endmacro %}
