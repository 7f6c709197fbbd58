-- Charges of a parent order by kind (A1), all positive: costs are what was paid, income what came in.
-- One row per (shop_id, parent_key) with charges.
select
    shop_id,
    parent_key,
    {%- for kind in ['first_mile', 'last_mile', 'label', 'penalty', 'other_fee'] %}
    coalesce(sum(charge_cny) filter (where charge_type = '{{ kind }}'), 0)::numeric(38, 2) as {{ kind }}_cny,
    {%- endfor %}
    {%- for kind in ['subsidy', 'freight_income'] %}
    coalesce(-sum(charge_cny) filter (where charge_type = '{{ kind }}'), 0)::numeric(38, 2) as {{ kind }}_cny,
    {%- endfor %}
    bool_or(charge_type = 'first_mile') as has_first_mile_bill,
    bool_or(charge_type = 'last_mile') as has_last_mile_bill
from {{ ref('int_order_charges__booked') }}
group by shop_id, parent_key
