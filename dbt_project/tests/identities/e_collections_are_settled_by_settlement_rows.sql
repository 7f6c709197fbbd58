{{ config(severity='error', meta={'dagster': {'ref': {'name': 'fct_collections'}}}) }}
-- §8 on collections: settled exactly where settlement rows are, collected what they say, and one row for each parent with
-- a sale line.
with settled as (
    select shop_id, parent_key, count(*) as settlement_lines, sum(amount_cny) as amount_cny, max(settled_date) as settled_date
    from {{ ref('int_settlement_lines__converted') }}
    where quarantine_reason is null and parent_key is not null
    group by shop_id, parent_key
),

parents as (
    select distinct shop_id, parent_key from {{ ref('fct_order_lines_costed') }} where is_sale
)

select
    shop_id, parent_key, collections.state, collections.collected_cny, settled.amount_cny,
    parents.parent_key is not null as has_sale_line
from {{ ref('fct_collections') }} as collections
full join parents using (shop_id, parent_key)
left join settled using (shop_id, parent_key)
where collections.state is null or parents.parent_key is null
    or (collections.state = 'settled') <> (settled.parent_key is not null)
    or (settled.parent_key is not null and (
        collections.collected_cny is distinct from settled.amount_cny
        or collections.collected_date is distinct from settled.settled_date
    ))
    or (settled.parent_key is null and collections.collected_cny <> 0)
