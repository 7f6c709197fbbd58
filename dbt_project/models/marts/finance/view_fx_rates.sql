select
    currency,
    rate_date,
    {{ month_of('rate_date') }} as month_start,
    rate::numeric(38, 10) as rate,
    effective_from,
    rate_date - effective_from as age_days,
    rate_date <= {{ as_of_date() }} as is_complete,
    {{ refreshed_at() }} as _refreshed_at
from {{ ref('int_fx_rates__daily') }}
