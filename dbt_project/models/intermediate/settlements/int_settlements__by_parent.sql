-- What the platform settled for a parent order, by kind of money (§6.5). One row per (shop_id, parent_key) with a
-- settlement row; '' gathers rows that name no order. A kind with rows of which no amount is known is unknown, not 0.
{% set kinds = ['sales_receipt', 'sales_reversal', 'freight_receipt', 'freight_reversal', 'subsidy', 'other'] %}
select
    shop_id,
    coalesce(parent_key, '') as parent_key,
    count(*) as settlement_lines,
    count(*) filter (where amount_cny is null) as unknown_lines,
    min(settled_date) as first_settled_date,
    max(settled_date) as settled_date,
    {%- for kind in kinds %}
    case
        when count(*) filter (where line_type = '{{ kind }}') = 0 then 0.00
        else sum(amount_cny) filter (where line_type = '{{ kind }}')
    end::numeric(38, 2) as {{ kind }}_cny,
    {%- endfor %}
    sum(amount_cny)::numeric(38, 2) as revenue_cny
from {{ ref('int_settlement_lines__converted') }}
where quarantine_reason is null
group by shop_id, coalesce(parent_key, '')
