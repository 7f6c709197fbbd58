-- What filters offer: a list out of the facts themselves would be as slow as they are long.
select distinct
    shipping_country,
    fulfillment_type,
    status,
    cost_status,
    match_method,
    price_source,
    {{ refreshed_at() }} as _refreshed_at
from {{ ref('mart_line_kinds_daily') }}
