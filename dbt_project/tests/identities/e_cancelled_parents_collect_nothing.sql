{{ config(severity='error', meta={'dagster': {'ref': {'name': 'fct_collections'}}}) }}
-- §8 on collections: no money for a parent order that was only ever cancelled. It has no row there, so the settlements
-- themselves are asked. Depends on: {{ ref('fct_collections') }}
with cancelled as (
    select shop_id, parent_key
    from {{ ref('fct_order_lines_costed') }}
    group by shop_id, parent_key
    having bool_and(status = 'cancelled')
)

select shop_id, parent_key, settlements.settlement_lines, settlements.revenue_cny
from {{ ref('int_settlements__by_parent') }} as settlements
inner join cancelled using (shop_id, parent_key)
where settlements.revenue_cny > 0
