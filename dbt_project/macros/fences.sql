{#
Views before a mart, one for each group of readers who may not see all of it; they log in as a role that reads its own
schema and nothing else, so what is fenced here stays fenced whatever the front end asks.
- marts_operations: every mart; what an article or an order costs is NULL, and so is every profit that reveals it.
- marts_manager: marts with a manager, own rows only; of `ranked_marts` every row with its rank, amounts of others NULL.
- marts_shop_owner: marts with a shop, own rows only.
Whose rows are own is looked up in ops.bi_scopes by a key that the connection carries and that nobody can guess.
A mart that has nothing for a group has no view for it. A post-hook: mart and views change in one transaction.
#}
{% macro fence_mart(mart) %}
{%- if execute and _schemas_of_fences() -%}
{%- set columns = adapter.get_columns_in_relation(mart) -%}
{%- set names = columns | map(attribute='name') | list -%}
{%- set is_open = mart.identifier in var('open_marts') -%}
{%- set is_ranked = mart.identifier in var('ranked_marts') -%}
{{ _view(mart, 'operations', _without_costs(columns, names), 'true') }}
{{ _view(mart, 'manager', _own_amounts(columns) if is_ranked else _all(columns),
         'true' if is_ranked else own_rows('manager', 'manager') if 'manager' in names else 'true' if is_open) }}
{{ _view(mart, 'shop_owner', _all(columns),
         own_rows('shop_id', 'shop') if 'shop_id' in names else 'true' if is_open) }}
{%- endif -%}
{% endmacro %}

{# `dbt run-operation fence_all_marts`: the views of every mart that is there, for a database built before there were any. #}
{% macro fence_all_marts() %}
{% for row in run_query("select tablename from pg_tables where schemaname = 'marts' order by 1") %}
{% set mart = api.Relation.create(database=target.database, schema='marts', identifier=row[0], type='table') %}
{% do run_query('begin; ' ~ fence_mart(mart) ~ ' commit;') %}
{% endfor %}
{% endmacro %}

{% macro own_rows(column, kind) -%}
{{ column }}::text in (
    select value from ops.bi_scopes where kind = '{{ kind }}' and scope_key = current_setting('omni.reader', true)
)
{%- endmacro %}

{# Without omni's own schemas (somebody's plain database) there is nobody to fence off. #}
{% macro _schemas_of_fences() %}
{{ return(run_query("select 1 where to_regclass('ops.bi_scopes') is not null "
                    "and to_regnamespace('marts_operations') is not null") | length > 0) }}
{% endmacro %}

{% macro _view(mart, group, columns, condition) %}
drop view if exists marts_{{ group }}.{{ mart.identifier }};
{% if condition -%}
create view marts_{{ group }}.{{ mart.identifier }} with (security_barrier = true) as
select {{ columns | join(', ') }} from {{ mart }} where {{ condition }};
{%- endif %}
{% endmacro %}

{% macro _all(columns) %}
{{ return(columns | map(attribute='quoted') | list) }}
{% endmacro %}

{#
Costs show up as money: counts of lines without a cost and the share of costed revenue tell no price. What an alert on
the profit of a line observed is such a profit.
#}
{% macro _without_costs(columns, names) %}
{% set ns = namespace(shown=[], per_article=false) %}
{% for name in names if name in var('article_columns') %}{% set ns.per_article = true %}{% endfor %}
{% for column in columns %}
{% set is_cost = ns.per_article and (column.name in var('cost_texts') or column.dtype == 'numeric'
                 and column.name not in var('harmless_amounts') and modules.re.search(var('cost_words'), column.name)) %}
{% set shown = 'null::' ~ column.data_type ~ ' as ' ~ column.quoted if is_cost else column.quoted %}
{% if column.name == 'observed' and 'rule' in names %}
{% set shown = "case when rule <> 'negative_margin' then observed end as observed" %}
{% endif %}
{% do ns.shown.append(shown) %}
{% endfor %}
{{ return(ns.shown) }}
{% endmacro %}

{# Ranks, names and periods for all; every other number only in the rows of one's own. #}
{% macro _own_amounts(columns) %}
{% set ns = namespace(shown=[]) %}
{% for column in columns %}
{% set is_amount = column.is_number() and not modules.re.search('rank|^shop_id$', column.name) %}
{% set own = 'case when ' ~ own_rows('manager', 'manager') ~ ' then ' ~ column.quoted ~ ' end as ' ~ column.quoted %}
{% do ns.shown.append(own if is_amount else column.quoted) %}
{% endfor %}
{{ return(ns.shown) }}
{% endmacro %}
