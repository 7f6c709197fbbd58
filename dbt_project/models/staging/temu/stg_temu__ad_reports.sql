select
    shop_id,
    report_date,
    {{ ad_figures("payload -> 'summary'") }},
    source_updated_at as updated_at
from {{ source('raw_temu', 'ad_reports') }}
