{#
A view stands while a relation below it is replaced. dbt renames the old relation, puts the new one in its place and drops
the old one with every view that still reads it; somebody who looks at that moment, up to the end of the build, finds no
view. So just before the drop those views are pointed at the new relation, each in a transaction of its own: one lock at a
time, so that nobody who reads two of them waits in a circle. A view that the new columns do not fit goes with the old
relation, as it always did, and is made again when its turn in the build comes.
Takes the place of dbt's own macro of this name.
#}
{% macro postgres__drop_relation(relation) -%}
{%- set is_replaced = execute and relation.identifier.endswith('__dbt_backup') -%}
{%- set views = _views_above(relation) if is_replaced else [] -%}
{%- for view in views if view['is_direct'] %}
{% call statement('point_view', auto_begin=False) %}{{ _point_at_successor(view['name']) }}{% endcall %}
{%- endfor %}
{% call statement('drop_relation', auto_begin=False) %}{{ get_drop_sql(relation) }}{% endcall %}
{%- for view in views %}
{#- dbt's memory of what exists let them go with the old relation. -#}
{%- set kept = api.Relation.create(
    database=relation.database, schema=view['view_schema'], identifier=view['view_name'], type='view'
) -%}
{%- set stands = run_query("select to_regclass('" ~ view['name'] ~ "') is not null")[0][0] -%}
{%- do adapter.cache_added(kept) if stands else adapter.cache_dropped(kept) -%}
{%- endfor %}
{%- endmacro %}

{# Views that read the relation, directly or through each other. #}
{% macro _views_above(relation) %}
{{ return(run_query("
    with recursive reads as (
        select distinct ev_class as view_oid, refobjid as read_oid
        from pg_depend
        inner join pg_rewrite on pg_rewrite.oid = pg_depend.objid
        where classid = 'pg_rewrite'::regclass and refclassid = 'pg_class'::regclass and ev_class <> refobjid
    ),
    above as (
        select view_oid, true as is_direct from reads where read_oid = to_regclass('" ~ relation ~ "')
        union
        select reads.view_oid, false from reads inner join above on reads.read_oid = above.view_oid
    )
    select
        bool_or(is_direct) as is_direct, nspname as view_schema, relname as view_name,
        format('%I.%I', nspname, relname) as name
    from above
    inner join pg_class on pg_class.oid = view_oid and relkind = 'v'
    inner join pg_namespace on pg_namespace.oid = relnamespace
    group by nspname, relname
    order by nspname, relname
")) }}
{% endmacro %}

{# The same view again, with its options, on what now has the name. One at a time: of two relations below one view that are
   replaced side by side, the second must see where the first has pointed it. Class 42 is what changed columns lead to. #}
{% macro _point_at_successor(view) %}
do $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('standing views', 0));
    execute (
        select format(
            'create or replace view %s%s as %s', oid::regclass, ' with (' || array_to_string(reloptions, ', ') || ')',
            replace(pg_get_viewdef(oid), '__dbt_backup', '')
        )
        from pg_class where oid = '{{ view }}'::regclass
    );
exception when syntax_error_or_access_rule_violation then
    raise notice '{{ view }} does not fit what is below it now: %', sqlerrm;
end
$body$
{% endmacro %}
