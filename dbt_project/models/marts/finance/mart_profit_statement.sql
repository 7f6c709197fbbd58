-- Tables on a screen read one parent, the newest settlements, or the losses: all by index.
{{ config(indexes=[{'columns': ['shop_id', 'parent_key']}, {'columns': ['settled_date']}],
    post_hook="create index on {{ this }} (settled_date, profit_cny) where is_loss") }}
with settlements as (
    select * from {{ ref('int_settlements__by_parent') }}
),

parents as (
    select * from {{ ref('int_parents__summed') }}
),

charges as (
    select * from {{ ref('int_order_charges__by_parent') }}
),

collections as (
    select shop_id, parent_key, expected_amount_cny from {{ ref('fct_collections') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

joined as (
    select
        settlements.*,
        nullif(settlements.parent_key, '') is not null and parents.shop_id is not null as is_matched,
        parents.order_date,
        parents.manager,
        parents.packages,
        parents.sku_codes,
        parents.uncosted_lines,
        parents.cogs_cny as product_cost_cny,
        {%- for kind in ['first_mile', 'last_mile', 'penalty', 'label', 'other_fee'] %}
        coalesce(charges.{{ kind }}_cny, 0.00) as {{ kind }}_cny,
        {%- endfor %}
        coalesce(charges.has_first_mile_bill, false) as has_first_mile_bill,
        coalesce(charges.has_last_mile_bill, false) as has_last_mile_bill,
        collections.expected_amount_cny
    from settlements
    left join parents
        on settlements.shop_id = parents.shop_id and nullif(settlements.parent_key, '') = parents.parent_key
    left join charges on parents.shop_id = charges.shop_id and parents.parent_key = charges.parent_key
    left join collections on parents.shop_id = collections.shop_id and parents.parent_key = collections.parent_key
),

costed as (
    select
        *,
        is_matched and uncosted_lines = 0 as is_fully_costed,
        case -- L: where a cost is unknown, so is what all costs are
            when is_matched and uncosted_lines = 0
                then product_cost_cny + first_mile_cny + last_mile_cny + penalty_cny + label_cny + other_fee_cny
        end as total_cost_cny
    from joined
),

results as (
    select
        *,
        revenue_cny - total_cost_cny as profit_cny,
        greatest(product_cost_cny, first_mile_cny, last_mile_cny, penalty_cny, label_cny, other_fee_cny) as largest_cost_cny
    from costed
)

select
    results.shop_id,
    results.parent_key,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    results.manager,
    results.packages,
    results.sku_codes,
    results.order_date,
    results.first_settled_date,
    results.settled_date,
    {{ month_of('results.settled_date') }} as month_start,
    results.settlement_lines,
    results.unknown_lines,
    {%- for kind in ['sales_receipt', 'sales_reversal', 'freight_receipt', 'freight_reversal', 'subsidy', 'other', 'revenue'] %}
    results.{{ kind }}_cny,
    {%- endfor %}
    results.product_cost_cny,
    {%- for kind in ['first_mile', 'last_mile', 'penalty', 'label', 'other_fee'] %}
    results.{{ kind }}_cny,
    {%- endfor %}
    results.total_cost_cny::numeric(38, 2) as total_cost_cny,
    results.profit_cny::numeric(38, 2) as profit_cny,
    case when results.revenue_cny > 0 then {{ ratio('results.profit_cny', 'results.revenue_cny') }} end as profit_rate,
    results.expected_amount_cny,
    (results.revenue_cny - results.expected_amount_cny)::numeric(38, 2) as variance_cny,
    results.is_matched,
    results.is_fully_costed,
    results.revenue_cny <= 0 as is_reversed,
    coalesce(results.profit_cny < 0, false) as is_loss,
    case -- the largest cost line, the first of equals
        when results.profit_cny >= 0 or results.profit_cny is null then null
        when results.total_cost_cny <= 0 then 'reversal'
        {%- for kind in ['product_cost', 'first_mile', 'last_mile', 'penalty', 'label', 'other_fee'] %}
        when results.{{ kind }}_cny = results.largest_cost_cny then '{{ kind }}'
        {%- endfor %}
    end as loss_cause,
    coalesce(results.uncosted_lines, 0) as uncosted_lines,
    results.has_first_mile_bill,
    results.has_last_mile_bill,
    {{ refreshed_at() }} as _refreshed_at
from results
inner join shops using (shop_id)
