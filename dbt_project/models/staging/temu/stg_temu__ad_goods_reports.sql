select
    shop_id,
    report_date,
    goods_id,
    {{ ad_figures("payload #> '{reportInfo,summary}'") }},
    source_updated_at as updated_at
from {{ source('raw_temu', 'ad_goods_reports') }}
