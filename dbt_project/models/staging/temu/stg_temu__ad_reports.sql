-- A report names no currency: it is that of the shop's listings, if all of them share one.
with currencies as (
    select shop_id, min(currency) as currency
    from {{ ref('base_temu__listing_currencies') }}
    group by shop_id
    having count(distinct currency) = 1
)

select
    reports.shop_id,
    reports.report_date,
    {{ ad_figures("reports.payload -> 'summary'", 'currencies.currency') }},
    currencies.currency,
    reports.source_updated_at as updated_at
from {{ source('raw_temu', 'ad_reports') }} as reports
left join currencies using (shop_id)
