{# Order lines are computed anew where something that they are computed from has changed, and nowhere else. The unit is the
   parent order: no rule of a line looks further than its parent (T1, D2, A2). For sums of lines it is shop and day.

   - intermediate.touched_orders, touched_parents, touched_days: what changed, and when. int_orders__typed tells of orders
     and their shops, each with all that compete with it, for rows are weighed against each other afterwards only there
     (D1, D2). Lines have more causes, of which int_order_lines__touched tells; the fact tells whose days it changed.
   - intermediate.touched_months: the days' log, read as months.
   - A model that follows such a log computes what was touched since its last turn (intermediate.followed), and all of it
     where its own SQL, or that of a model which it follows, has changed.
   - intermediate.before_…: what an input was at the last turn, to see where it differs.

   All of these are unlogged like the tables of intermediate. A server that crashes forgets them together, and the next
   build is whole. Who tells holds the log for itself, who reads it shares it, both to the end of their transaction: the
   order of their clocks is that of their commits, whoever else runs dbt. #}

{% macro touched_logs() %}
    {{ return({'orders': 'shop_id, parent_key', 'parents': 'shop_id, parent_key', 'days': 'shop_id, order_date'}) }}
{% endmacro %}

{# A log that a model follows: its own rows, or those of the log that it is a reading of. #}
{% macro kept_log(log) %}{{ return('days' if log == 'months' else log) }}{% endmacro %}

{% macro touched_keys(log) %}{{ return('shop_id, month_start' if log == 'months' else touched_logs()[log]) }}{% endmacro %}

{# Part of the run's start. What every follower has read is not needed any more. #}
{% macro prepare_following() %}
{%- if execute and flags.WHICH in ['build', 'run'] %}
create schema if not exists intermediate;
create unlogged table if not exists intermediate.followed (
    model text primary key,
    log text not null,
    meaning text not null,
    read_at timestamptz not null,
    built_at timestamptz not null
);
create unlogged table if not exists intermediate.touched_orders (shop_id bigint, parent_key text, touched_at timestamptz);
create unlogged table if not exists intermediate.touched_parents (shop_id bigint, parent_key text, touched_at timestamptz);
create unlogged table if not exists intermediate.touched_days (shop_id bigint, order_date date, touched_at timestamptz);
    {#- Only once: to replace it would wait for every model that reads it now. #}
    {%- if not run_query("select 1 where to_regclass('intermediate.touched_months') is not null") | length %}
create view intermediate.touched_months as
select shop_id, {{ month_of('order_date') }} as month_start, touched_at from intermediate.touched_days;
    {%- endif %}
delete from intermediate.followed where model not in (
    {%- for node in graph.nodes.values() if node.resource_type == 'model' %}'{{ node.name }}'{{ ', ' if not loop.last }}{% endfor -%}
);
    {%- for log in touched_logs() %}
delete from intermediate.touched_{{ log }}
where touched_at <= (select min(read_at) from intermediate.followed where log = '{{ log }}');
    {%- endfor %}
{%- endif -%}
{% endmacro %}

{# Config of a model that follows a log. `above` = the followed model that it reads; `keys` = the log's columns as this
   model has them, `keys_above` = as `above` has them; `tells_days` = it tells the days whose lines it changes. #}
{% macro following(log, above, keys=none, keys_above=none, tells_days=false, schema_change='sync_all_columns') %}
    {%- set keys = keys or touched_keys(log) -%}
    {%- set begin = '{{ begin_following("' ~ log ~ '", "' ~ above ~ '", "' ~ keys ~ '", "' ~ (keys_above or keys) ~ '", '
        ~ tells_days ~ ') }}' -%}
    {{ config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change=schema_change,
        pre_hook=begin,
        post_hook="{{ end_following('" ~ log ~ "', '" ~ above ~ "', '" ~ keys ~ "', " ~ tells_days ~ ") }}",
    ) }}
{% endmacro %}

{# A condition on the rows of the model above; none where all of them are computed, as in a unit test, where a model has no
   relation. `keys` as `above` has them. #}
{% macro only_touched(log, keys=none, word='where') -%}
{%- if this and is_incremental() -%}
{{ word }} ({{ keys or touched_keys(log) }}) in (select {{ touched_keys(log) }} from touched_now)
{%- endif -%}
{%- endmacro %}

{# What is built before this model, though it reads nothing of it; a unit test builds nothing. #}
{% macro built_after(other) %}{% if this or not execute %}{% do ref(other) %}{% endif %}{% endmacro %}

{% macro hold(log, shared=false) %}
select pg_advisory_xact_lock{{ '_shared' if shared }}(hashtextextended('intermediate.touched_{{ log }}', 0));
{% endmacro %}

{% macro keeps_rows() %}{{ return(load_relation(this) is not none and not should_full_refresh()) }}{% endmacro %}

{# What the rows of this model mean: its SQL and that of the models that it follows. #}
{% macro meaning_of_rows(above) %}
    {%- set own = model.compiled_code | replace(refreshed_at(), '') -%}
    {%- set own = modules.re.sub('(where|and) [(][a-z_, ]+[)] in [(]select [a-z_, ]+ from touched_now[)]', '', own) -%}
    {%- set found = run_query("select meaning from intermediate.followed where model = '" ~ above ~ "'") -%}
    {{ return(local_md5(own ~ (found[0][0] if found | length else ''))) }}
{% endmacro %}

{% macro begin_following(log, above, keys, keys_above, tells_days) %}
{%- if execute -%}
{%- set keeps, meaning = keeps_rows(), meaning_of_rows(above) -%}
{%- set known = run_query("select 1 from intermediate.followed where model = '" ~ model.name ~ "' and meaning = '" ~ meaning ~ "'") -%}
{{ hold(kept_log(log), shared=true) }} {{ hold('days') if tells_days }}
create temporary table this_turn on commit drop as select clock_timestamp() as began_at;
create temporary table touched_now on commit drop as
select {{ touched_keys(log) }} from intermediate.touched_{{ log }}
where touched_at > (select read_at from intermediate.followed where model = '{{ model.name }}')
{%- if keeps and not known | length %}
union
select {{ keys_above }} from {{ ref(above) }}
union
select {{ keys }} from {{ this }}
{%- else %}
group by {{ touched_keys(log) }}
{%- endif %};
analyze touched_now;
{%- if keeps %}
{{ tell_days(keys) if tells_days }}
delete from {{ this }} where ({{ keys }}) in (select {{ touched_keys(log) }} from touched_now);
{%- endif -%}
{%- endif -%}
{% endmacro %}

{% macro end_following(log, above, keys, tells_days) %}
{%- if execute -%}
{{ add_missing_indexes() }}
{{ tell_days(keys) if tells_days }}
insert into intermediate.followed (model, log, meaning, read_at, built_at)
select '{{ model.name }}', '{{ kept_log(log) }}', '{{ meaning_of_rows(above) }}', began_at, {{ refreshed_at() }} from this_turn
on conflict (model) do update set meaning = excluded.meaning, read_at = excluded.read_at, built_at = excluded.built_at
{%- endif -%}
{% endmacro %}

{# dbt makes the indexes of an incremental model with its table only: one that came to have more of them gets them here. #}
{% macro add_missing_indexes() %}
{%- for index in model.config.get('indexes', []) if keeps_rows() %}
{%- set method, columns = index.get('type') or 'btree', index['columns'] | join(', ') -%}
{%- set known = run_query("select 1 from pg_indexes where schemaname = '" ~ this.schema ~ "' and tablename = '" ~ this.identifier
    ~ "' and indexdef like '% USING " ~ method ~ " (" ~ columns ~ ")'") %}
{%- if not known | length %}
create index on {{ this }} using {{ method }} ({{ columns }});
{%- endif %}
{%- endfor %}
{% endmacro %}

{% macro tell_days(keys) %}
insert into intermediate.touched_days (shop_id, order_date, touched_at)
select shop_id, order_date, clock_timestamp()
from (select distinct shop_id, order_date from {{ this }} where ({{ keys }}) in (select * from touched_now)) as told;
{% endmacro %}

{# Part of a model's SQL: another table of ours makes rows mean something else. #}
{% macro reading_seed(name) -%}
{%- if graph.nodes %}/* {{ graph.nodes['seed.' ~ project_name ~ '.' ~ name].checksum.checksum }} */{% endif -%}
{%- endmacro %}

{# An input that is compared with what it was: a table for the latter, of the same columns. #}
{% macro begin_comparing(name, query) %}
{%- set before = api.Relation.create(database=target.database, schema='intermediate', identifier='before_' ~ name) -%}
{%- set wanted = get_column_schema_from_query('select * from (' ~ query ~ ') as input where false') -%}
{%- set found = adapter.get_columns_in_relation(before) -%}
{%- if wanted | map(attribute='name') | list != found | map(attribute='name') | list %}
drop table if exists {{ before }};
create unlogged table {{ before }} as select * from ({{ query }}) as input where false;
{%- endif -%}
{% endmacro %}

{# Rows of an input that are new or gone; a changed one is both. #}
{% macro differences(name, query) -%}
(
    ({{ query }}) except all select * from intermediate.before_{{ name }}
) union all (
    select * from intermediate.before_{{ name }} except all ({{ query }})
)
{%- endmacro %}

{% macro remember(name, query) %}
truncate intermediate.before_{{ name }};
insert into intermediate.before_{{ name }} {{ query }};
{% endmacro %}
