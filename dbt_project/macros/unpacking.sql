{# Reading JSON out of raw rows is the dearest part of a build, so it is done once per landed row: a model that unpacks
   keeps its rows and reads only what landed since. What it keeps depends on nothing but the raw row and the model's own
   SQL; when that SQL changes, everything is unpacked anew. #}

{# Config of such a model: `table` of raw_temu, `key` = its key columns, which are columns of the model, too. #}
{% macro unpacking(table, key) %}
    {{ config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='sync_all_columns',
        pre_hook="{{ begin_unpacking('" ~ table ~ "', '" ~ key | join(', ') ~ "') }}",
        post_hook=["{{ end_unpacking() }}", "analyze {{ this }}"],
    ) }}
{% endmacro %}

{# The raw rows to unpack now. The text is the same in every run, so that a change of the compiled SQL is a change of
   meaning. OFFSET 0 keeps the payload from being de-toasted once per field. #}
{% macro landed_since(table) -%}
(
    select * from {{ source('raw_temu', table) }}
    where loaded_at > (select since from staging.unpacked where model = '{{ model.name }}')
    offset 0
)
{%- endmacro %}

{# Rows are stamped when their transaction begins and seen when it ends: what is younger than this is read again. #}
{% macro late_commits() %}interval '15 minutes'{% endmacro %}

{% macro begin_unpacking(table, key) %}
{%- if execute -%}
{%- set keeps = keeps_rows() -%}
insert into staging.unpacked as kept (model, meaning, since, read_at)
values ('{{ model.name }}', '{{ local_md5(model.compiled_code) }}', '-infinity', now())
on conflict (model) do update set
    meaning = excluded.meaning,
    since = case
        when {{ keeps }} and kept.meaning = excluded.meaning then kept.read_at - {{ late_commits() }} else '-infinity'
    end;
{%- if keeps %}
{#- Two statements: an "or" cannot be joined, and each kept row would be looked for in the list of what landed. #}
delete from {{ this }}
where exists (select from staging.unpacked where model = '{{ model.name }}' and since = '-infinity');
delete from {{ this }}
where ({{ key }}) in (
    select {{ key }} from {{ source('raw_temu', table) }}
    where loaded_at > (select since from staging.unpacked where model = '{{ model.name }}')
);
{%- endif -%}
{%- endif -%}
{% endmacro %}

{% macro end_unpacking() -%}
update staging.unpacked set read_at = now() where model = '{{ model.name }}'
{%- endmacro %}

{# What unpacking models remember; part of the run's start. #}
{% macro prepare_unpacking() %}
{%- if execute and flags.WHICH in ['build', 'run'] %}
create schema if not exists staging;
create table if not exists staging.unpacked (
    model text primary key,
    meaning text not null,
    since timestamptz not null,
    read_at timestamptz not null
);
{%- endif -%}
{% endmacro %}
