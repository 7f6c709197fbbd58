-- Only dated assignments: what is always valid is the current value anyway.
select product_id, manager, category, effective_from, created_at
from {{ ref('base_files__managers') }}
where effective_from is not null
