-- A budget of -1 has no limit; the target is scaled like every ratio of this endpoint. For which days the figures beside
-- it add up is not told.
select
    details.shop_id,
    details.goods_id,
    details.snapshot_date,
    details.ad_status,
    details.payload ->> 'adPhase' as ad_phase,
    details.payload ->> 'budget' = '-1' as is_unlimited,
    case
        when details.payload ->> 'budget' <> '-1' and currencies.currency is not null
            then {{ from_minor_units(json_number("details.payload ->> 'budget'"), 'currencies.currency') }}
    end as budget,
    {{ json_number("details.payload ->> 'roas'") }} / 10000 as target_roas,
    {{ ad_figures("details.payload -> 'summary'", 'currencies.currency') }},
    currencies.currency,
    details.source_updated_at as updated_at
from {{ source('raw_temu', 'ad_details') }} as details
left join {{ ref('base_temu__goods_currencies') }} as currencies using (shop_id, goods_id)
