select distinct on (upper(base_currency), upper(quote_currency), effective_from)
    upper(base_currency) as base_currency,
    upper(quote_currency) as quote_currency,
    rate,
    effective_from,
    effective_to
from {{ source('raw_files', 'fx_rates') }}
order by upper(base_currency), upper(quote_currency), effective_from, loaded_at desc, row_no desc
