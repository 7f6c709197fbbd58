{{ config(materialized='ephemeral') }}
-- Who answers for a listing now; a row without a start has always been valid.
select distinct on (product_id) product_id, manager, category
from {{ ref('base_files__managers') }}
where effective_from is null or effective_from <= now()
order by product_id, effective_from desc nulls last, created_at desc
