{{ config(severity='error', meta={'dagster': {'ref': {'name': 'fct_shipments'}}}) }}
-- §8: every sale parent has at least one row, no other parent has any, and its lines lie in exactly one parcel each
-- unless the platform tells of parcels that no line names.
with parents as (
    select shop_id, parent_key, count(*) as lines
    from {{ ref('fct_order_lines_costed') }}
    where is_sale
    group by shop_id, parent_key
),

parcels as (
    select shop_id, parent_key, sum(order_lines) as lines, bool_and(order_lines > 0) as all_named
    from {{ ref('fct_shipments') }}
    group by shop_id, parent_key
)

select shop_id, parent_key, parents.lines as of_order, parcels.lines as of_parcels
from parents
full join parcels using (shop_id, parent_key)
where parents.lines is null or parcels.lines is null
    or parcels.lines > parents.lines
    or (parcels.all_named and parcels.lines <> parents.lines)
