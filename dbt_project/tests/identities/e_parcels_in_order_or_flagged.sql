{{ config(severity='error', meta={'dagster': {'ref': {'name': 'fct_shipments'}}}) }}
-- §8: shipped after placed and delivered after shipped, or flagged; counts of the daily mart are those of the parcels.
select 'order of events' as violation, shop_id, parent_key, package_sn
from {{ ref('fct_shipments') }}
where (shipped_at < order_placed_at or delivered_at < shipped_at) and exception_reason is null
union all
select 'counts', null, null, null
from (select count(*) as n, count(exception_reason) as exceptions from {{ ref('fct_shipments') }}) as parcels
cross join (
    select coalesce(sum(parcels), 0) as n, coalesce(sum(exception_parcels), 0) as exceptions from {{ ref('mart_logistics_daily') }}
) as days
where (parcels.n, parcels.exceptions) is distinct from (days.n, days.exceptions)
