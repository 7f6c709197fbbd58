{{ config(severity='error', meta={'dagster': {'ref': {'name': 'fct_shipments'}}}) }}
-- §8: every sale parent has at least one row, no other parent has any, and each line lies in exactly one parcel – unless
-- the platform tells of the parent's parcels: then lines on their way may name none of them.
with parents as (
    select shop_id, parent_key, count(*) as lines
    from {{ ref('fct_order_lines_costed') }}
    where is_sale
    group by shop_id, parent_key
),

parcels as (
    select shop_id, parent_key, sum(order_lines) as lines
    from {{ ref('fct_shipments') }}
    group by shop_id, parent_key
),

told as (
    select distinct shop_id, parent_key, true as is_told from {{ ref('int_shipments__scanned') }} where parent_key is not null
)

select shop_id, parent_key, parents.lines as of_order, parcels.lines as of_parcels
from parents
full join parcels using (shop_id, parent_key)
left join told using (shop_id, parent_key)
where parents.lines is null or parcels.lines is null
    or parcels.lines > parents.lines
    or (told.is_told is null and parcels.lines <> parents.lines)
