-- Rate to the reporting currency for every currency and business day in use (F): validity exploded to days, so that
-- lines find their rate by a hash join. One row per (currency, rate_date). The reporting currency itself is not here.
with rates as (
    select
        {{ n3('base_currency') }} as currency,
        rate,
        effective_from,
        effective_to
    from {{ ref('int_fx_rates__typed') }}
    where {{ n3('quote_currency') }} = '{{ var("reporting_currency") }}'
        and rate > 0 and rate < 1e9
        and effective_from is not null
),

days as (
    select order_date as rate_date from {{ ref('int_order_lines__placed') }} where quarantine_reason is null
    union
    select charge_date from {{ ref('int_order_charges__typed') }} where charge_date is not null
    union
    select {{ reporting_day('refund_time') }} from {{ ref('int_refunds__typed') }} where refund_time is not null
    union
    select {{ reporting_day('settled_at') }} from {{ ref('int_settlement_lines__typed') }} where settled_at is not null
    union
    select {{ reporting_day('paid_at') }} from {{ ref('int_payouts__typed') }} where paid_at is not null
    union
    select {{ reporting_day('snapshot_at') }} from {{ ref('int_account_balances__typed') }} where snapshot_at is not null
    union
    select {{ as_of_date() }} -- what money is worth now
)

select distinct on (rates.currency, days.rate_date)
    rates.currency,
    days.rate_date,
    rates.rate,
    rates.effective_from
from rates
inner join days
    on rates.effective_from <= days.rate_date
    and (rates.effective_to is null or days.rate_date < rates.effective_to)
where rates.currency is not null
order by rates.currency, days.rate_date, rates.effective_from desc, rates.rate desc
