-- What filters offer: a list out of the facts themselves would be as slow as they are long.
select distinct
    carrier,
    ship_status,
    delivery_status,
    exception_reason,
    {{ refreshed_at() }} as _refreshed_at
from {{ ref('fct_shipments') }}
