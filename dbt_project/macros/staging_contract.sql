{# Staging relations may be views of ours or tables that somebody filled by hand: both are read through here. #}

{# Columns of a staging model's contract, in order. #}
{% macro staging_columns(model_name) %}
    {{ return(graph.nodes['model.' ~ project_name ~ '.' ~ model_name].columns.values() | list) }}
{% endmacro %}

{# select list that gives every contract column its contract type and rule N1, whatever the relation holds. `more` are
   further expressions over the relation as it is. #}
{% macro typed_staging(model_name, more=[]) %}
{%- set relation = ref(model_name) -%}
{%- if execute -%}
{%- set found = {} -%}
{%- for column in adapter.get_columns_in_relation(relation) -%} {%- do found.update({column.name: column.dtype}) -%} {%- endfor -%}
select
    {%- for column in staging_columns(model_name) %}
    {{ cast_staged(column.name, found.get(column.name), column.data_type) }} as {{ column.name }}{{ ',' if more or not loop.last }}
    {%- endfor %}
    {{ more | join(', ') }}
from {{ relation }}
{%- endif -%}
{% endmacro %}

{# Statements that create absent staging relations as empty tables and add absent columns to hand-made tables.
   Views are never touched, nor is anything that this run builds itself. #}
{% macro complete_staging() %}
{%- if execute and flags.WHICH in ['build', 'run'] -%}
    {%- set found = staged_columns_found() -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.fqn[1] == 'staging'
            and node.config.materialized != 'ephemeral' and node.unique_id not in selected_resources -%}
        {%- set name = node.schema ~ '.' ~ node.name -%}
        {%- if node.name not in found %}
create schema if not exists {{ node.schema }};
create table if not exists {{ name }} (
            {%- for column in node.columns.values() %}{{ column.name }} {{ column.data_type }}{{ ', ' if not loop.last }}{% endfor -%}
);
        {%- else -%}
            {%- for column in node.columns.values() if found[node.name].is_table and column.name not in found[node.name].columns %}
alter table {{ name }} add column if not exists {{ column.name }} {{ column.data_type }};
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}
{% endmacro %}

{% macro staged_columns_found() %}
    {%- set rows = run_query("
        select c.relname::text, c.relkind in ('r', 'p'), a.attname::text
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace and n.nspname = 'staging'
        left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind in ('r', 'p', 'v', 'm', 'f')") -%}
    {%- set found = {} -%}
    {%- for name, is_table, column in rows -%}
        {%- if name not in found -%} {%- do found.update({name: {'is_table': is_table, 'columns': []}}) -%} {%- endif -%}
        {%- do found[name].columns.append(column) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
