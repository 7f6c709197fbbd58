-- Charges in the reporting currency at the rate of their own date (A1), signed: costs positive, income negative.
-- One row per charge; `quarantine_reason` says why one reaches no line (Q).
with charges as (
    select *, lower(charge_type) as kind, {{ n3('currency') }} as charge_currency
    from {{ ref('int_order_charges__typed') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }}
),

parents as (
    select distinct shop_id, parent_key
    from {{ ref('int_order_lines__placed') }}
    where quarantine_reason is null
),

converted as (
    select
        charges.*,
        round(charges.amount * {{ fx('charges.charge_currency', 'rates.rate') }}, 2) as amount_cny
    from charges
    left join rates on charges.charge_currency = rates.currency and charges.charge_date = rates.rate_date
)

select
    converted.id,
    converted.shop_id,
    converted.parent_order_sn,
    converted.kind as charge_type,
    converted.charge_date,
    case when converted.kind in ('subsidy', 'freight_income') then -converted.amount_cny else converted.amount_cny end
        as charge_cny,
    case
        when shops.shop_id is null then 'orphan_shop'
        when not shops.is_production then 'sandbox_shop'
        when parents.parent_key is null then 'charge_unallocated' -- Q4
        when converted.kind is null or converted.kind not in (
            'first_mile', 'last_mile', 'label', 'penalty', 'other_fee', 'subsidy', 'freight_income'
        ) then 'charge_type_unknown'
        when converted.amount_cny is null then 'charge_unpriced'
    end as quarantine_reason
from converted
left join shops using (shop_id)
left join parents on converted.shop_id = parents.shop_id and converted.parent_order_sn = parents.parent_key
