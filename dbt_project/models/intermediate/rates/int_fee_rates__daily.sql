-- Platform and payment fee rate of each shop on each of its business days (E); 0 where no rate is valid.
-- One row per (shop_id, rate_date).
with fee_rates as (
    select id, lower(fee_type) as fee_type, shop_id, rate, effective_from, effective_to
    from {{ ref('int_fee_rates__typed') }}
    where rate >= 0 and rate < 1e6 and effective_from is not null
),

shop_days as (
    select distinct shop_id, order_date as rate_date
    from {{ ref('int_order_lines__placed') }}
    where quarantine_reason is null
),

chosen as (
    select distinct on (shop_days.shop_id, shop_days.rate_date, fee_rates.fee_type)
        shop_days.shop_id,
        shop_days.rate_date,
        fee_rates.fee_type,
        fee_rates.rate
    from shop_days
    inner join fee_rates
        on (fee_rates.shop_id = shop_days.shop_id or fee_rates.shop_id is null)
        and fee_rates.effective_from <= shop_days.rate_date
        and (fee_rates.effective_to is null or shop_days.rate_date < fee_rates.effective_to)
    order by
        shop_days.shop_id, shop_days.rate_date, fee_rates.fee_type,
        fee_rates.shop_id nulls last, fee_rates.effective_from desc, fee_rates.id desc nulls last
)

select
    shop_days.shop_id,
    shop_days.rate_date,
    coalesce(max(chosen.rate) filter (where chosen.fee_type = 'platform'), 0) as platform_rate,
    coalesce(max(chosen.rate) filter (where chosen.fee_type = 'payment'), 0) as payment_rate
from shop_days
left join chosen using (shop_id, rate_date)
group by shop_days.shop_id, shop_days.rate_date
