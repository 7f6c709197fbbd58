select
    reports.shop_id,
    reports.report_date,
    reports.goods_id,
    {{ ad_figures("reports.payload #> '{reportInfo,summary}'", 'currencies.currency') }},
    currencies.currency,
    reports.source_updated_at as updated_at
from {{ source('raw_temu', 'ad_goods_reports') }} as reports
left join {{ ref('base_temu__goods_currencies') }} as currencies using (shop_id, goods_id)
