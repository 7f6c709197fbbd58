{{ config(severity='error', meta={'dagster': {'ref': {'name': 'view_gmv_change'}}}) }}
-- What changed: before plus the drivers is after, to the cent, and both are the GMV of their days.
select period, shop_id, sum(case when driver_no = 6 then -amount_cny else amount_cny end) as difference
from {{ ref('view_gmv_change') }}
group by period, shop_id
having sum(case when driver_no = 6 then -amount_cny else amount_cny end) <> 0
union all
select changes.period, changes.shop_id, changes.amount_cny - coalesce(sum(days.gmv_cny), 0)
from {{ ref('view_gmv_change') }} as changes
left join {{ ref('mart_gmv_daily') }} as days
    on changes.shop_id = days.shop_id and days.order_date between changes.first_day and changes.last_day
where changes.driver_no = 6
group by changes.period, changes.shop_id, changes.amount_cny
having changes.amount_cny <> coalesce(sum(days.gmv_cny), 0)
