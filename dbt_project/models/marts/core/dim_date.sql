-- From the first possible order (the platform opened in September 2022) to the end of the year after as_of_date and the
-- last order: as_of_date bounds windows, never the facts.
with last_days as (
    select greatest({{ as_of_date() }}, max(order_date)) as last_day
    from {{ ref('int_order_lines__placed') }}
    where quarantine_reason is null
),

calendar as (
    select series.day::date as date_day
    from last_days
    cross join lateral generate_series(
        '2022-01-01'::timestamp, date_trunc('year', last_day::timestamp) + interval '2 years' - interval '1 day', '1 day'
    ) as series (day)
)

select
    date_day,
    extract(year from date_day)::integer as year,
    extract(month from date_day)::integer as month,
    {{ month_of('date_day') }} as month_start,
    {{ month_label('date_day') }} as month_label,
    extract(day from date_day)::integer as day_of_month,
    extract(day from {{ month_of('date_day') }} + interval '1 month' - interval '1 day')::integer as days_in_month,
    extract(isoyear from date_day)::integer as iso_year,
    extract(week from date_day)::integer as iso_week,
    {{ week_of('date_day') }} as week_start,
    {{ week_label('date_day') }} as week_label,
    extract(isodow from date_day)::integer as iso_weekday,
    (array['周一', '周二', '周三', '周四', '周五', '周六', '周日'])[extract(isodow from date_day)::integer] as weekday_zh,
    extract(isodow from date_day) >= 6 as is_weekend,
    date_day <= {{ as_of_date() }} as is_complete,
    {{ refreshed_at() }} as _refreshed_at
from calendar
