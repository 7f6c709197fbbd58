{# Marts that remember (`full_refresh: false`) exist, empty, before their first build: each build then compares with what it
   remembers in one and the same way, and a unit test may say what that is. Only those that this run builds. #}
{% macro begin_memories() %}
{%- if execute and flags.WHICH in ['build', 'run'] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'incremental'
            and node.config.full_refresh == false and node.unique_id in selected_resources %}
        {#- dbt took stock of the relations before this. -#}
        {%- do adapter.cache_added(api.Relation.create(
            database=target.database, schema=node.schema, identifier=node.name, type='table'
        )) %}
create schema if not exists {{ node.schema }};
create table if not exists {{ node.schema }}.{{ node.name }} (
        {%- for column in node.columns.values() -%}
            {{ adapter.quote(column.name) }} {{ column.data_type }}
            {{- ' not null' if column.constraints | selectattr('type', 'equalto', 'not_null') | list }}
            {{- ', ' if not loop.last }}
        {%- endfor -%}
);
    {%- endfor -%}
{%- endif -%}
{% endmacro %}
