select
    shop_id,
    stream as entity,
    watermark as last_synced_at,
    null::text as page_token, -- pages of a moving list are not resumed: a window is read again instead
    updated_at
from {{ source('ops', 'watermarks') }}
