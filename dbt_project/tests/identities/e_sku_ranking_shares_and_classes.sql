{{ config(severity='error') }}
-- §8: the last share accumulates to 1, and classes follow the GMV.
with ranked as (
    select
        *,
        lag(abc_class) over by_gmv as class_above,
        row_number() over (partition by month_start order by gmv_cny, sku_code collate "C" desc) as from_below,
        sum(gmv_cny) over (partition by month_start) as total
    from {{ ref('mart_sku_ranking_monthly') }}
    where rank_gmv is not null
    window by_gmv as (partition by month_start order by gmv_cny desc, sku_code collate "C")
)

select month_start, sku_code, cum_gmv_share, abc_class, class_above
from ranked
where (from_below = 1 and total > 0 and cum_gmv_share <> 1) or abc_class < class_above
