{{ config(materialized='ephemeral') }}
-- The currency of each goods all of whose listing SKUs are sold in one.
select shop_id, goods_id, min(currency) as currency
from {{ ref('base_temu__listing_currencies') }}
where goods_id is not null
group by shop_id, goods_id
having count(distinct currency) = 1
