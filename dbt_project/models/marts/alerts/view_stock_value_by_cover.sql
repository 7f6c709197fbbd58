select
    as_of_date,
    cover_bucket,
    array_position(array['none', '0-6', '7-13', '14-29', '30-59', '60-120', '121+', 'unsold', 'unknown'], cover_bucket)
        as position,
    count(*) as skus,
    count(*) filter (where level = 'dead') as dead_skus,
    count(*) filter (where stock_on_hand > 0 and unit_cost_cny is null) as uncosted_skus,
    coalesce(sum(stock_on_hand), 0)::bigint as stock_on_hand,
    coalesce(sum(stock_value_cny), 0)::numeric(38, 2) as stock_value_cny,
    coalesce(sum(stock_value_cny) filter (where level = 'dead'), 0)::numeric(38, 2) as dead_stock_value_cny,
    coalesce(sum(stock_value_cny) filter (where level = 'overstock'), 0)::numeric(38, 2) as overstock_value_cny,
    {{ refreshed_at() }} as _refreshed_at
from {{ ref('mart_stock_alerts') }}
group by as_of_date, cover_bucket
