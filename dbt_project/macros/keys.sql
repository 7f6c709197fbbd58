{# Deterministic positive bigint from the parts of a natural key; NULL parts count as ''. #}
{% macro natural_id(entity, parts) -%}
(hashtextextended(concat_ws(chr(31), '{{ entity }}', {% for part in parts %}coalesce(({{ part }})::text, ''){{ ', ' if not loop.last }}{% endfor %}), 0) & 9223372036854775807)
{%- endmacro %}

{# D1: one version per source id, the newest; rows without an id are all kept. #}
{% macro newest_per_id(relation, newest_first) %}
select distinct on (source_id) *
from (
    select *, coalesce(id::text, 'row ' || row_number() over ()) as source_id
    from {{ relation }}
) as identified
order by source_id, {{ newest_first }}
{% endmacro %}
