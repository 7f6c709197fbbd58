{{ config(materialized='ephemeral') }}
-- First package of each child order.
select distinct on (shop_id, order_sn) shop_id, order_sn, package_sn
from {{ ref('base_temu__parcels') }}
order by shop_id, order_sn, precedence, package_sn
