{{ config(severity='error') }}
-- §8, every mart: built at most 2 hours behind the newest raw rows (the end of the last good run of the loader), and not
-- empty where its upstream is not.
with newest as (
    select max(completed_at) as loaded_at
    from {{ ref('int_sync_runs__measured') }}
    where status = 'completed' and completed_at <= {{ refreshed_at() }}
)
{% for mart, upstream in filled_marts().items() %}
select '{{ mart }}' as mart, 'stale' as violation
from newest
where newest.loaded_at - interval '2 hours'
    > greatest(
        (select max(_refreshed_at) from {{ ref(mart) }} where {{ renewed_rows().get(mart, 'true') }}),
        (select built_at from intermediate.followed where model = '{{ mart }}') -- its rows may have had no cause to move
    )
{%- if upstream %}
union all
select '{{ mart }}', 'empty'
where not exists (select from {{ ref(mart) }}) and exists (select from {{ ref(upstream[0]) }} where {{ upstream[1] }})
{%- endif %}
{{ 'union all' if not loop.last }}
{%- endfor %}
