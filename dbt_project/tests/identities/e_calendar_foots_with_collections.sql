{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_collection_calendar'}}}) }}
-- §6.6: the calendar holds every parent once and all their money; the undated ones stand on the NULL day.
with days as (
    select
        shop_id, state, sum(parents) as parents, sum(expected_amount_cny) as expected_cny,
        sum(collected_cny) as collected_cny, sum(outstanding_cny) as outstanding_cny, sum(amount_cny) as amount_cny
    from {{ ref('mart_collection_calendar') }}
    group by shop_id, state
),

collections as (
    select
        shop_id, state, count(*) as parents, coalesce(sum(expected_amount_cny), 0) as expected_cny,
        coalesce(sum(collected_cny), 0) as collected_cny, coalesce(sum(outstanding_cny), 0) as outstanding_cny,
        coalesce(sum(case when state = 'settled' then collected_cny else expected_amount_cny end), 0) as amount_cny
    from {{ ref('fct_collections') }}
    group by shop_id, state
)

select shop_id, state, days.amount_cny as of_days, collections.amount_cny as of_parents
from days
full join collections using (shop_id, state)
where (days.parents, days.expected_cny, days.collected_cny, days.outstanding_cny, days.amount_cny) is distinct from (
    collections.parents, collections.expected_cny, collections.collected_cny, collections.outstanding_cny, collections.amount_cny
)
