{# Which parent orders staging shows otherwise than at the last build. Staging may be anything that somebody filled, so there
   is no clock to go by: rows are compared, by a hash of each as it is; only those that differ are typed. #}

{% macro staged_orders() %}
select
    typed.*,
    coalesce(typed.shop_id, 0) as touched_shop,
    coalesce(typed.parent_order_sn, typed.order_sn, '') as touched_parent
from (
    {{ typed_staging('stg_temu__orders', more=['hashtextextended(stg_temu__orders::text, 0) as fingerprint']) }}
) as typed
{% endmacro %}

{# What order lines take from their shop. #}
{% macro shops_of_orders() -%}
select shop_id, shop_name, region, timezone, entity, business_model, default_manager, is_production from {{ ref('int_shops__zoned') }}
{%- endmacro %}

{# Parents whose rows differ, parents of shops that differ, and whoever competes with them for an id (D1), a line (D2) or
   the refunds of a child order; all of them where rows are typed by other rules than before. #}
{% macro begin_changed_orders() %}
{%- if execute -%}
{{ hold('orders') }} {{ hold('parents') }}
{{ begin_comparing('shops_of_orders', shops_of_orders()) }}
create temporary table touched_now (shop_id bigint, parent_key text) on commit drop;
{%- if keeps_rows() %}
{%- if 'fingerprint' not in adapter.get_columns_in_relation(this) | map(attribute='name') %}
truncate {{ this }};
alter table {{ this }} add column fingerprint bigint, add column touched_shop bigint, add column touched_parent text;
{%- endif %}
create temporary table staged_now on commit drop as
select id, order_sn, touched_shop, touched_parent, fingerprint from ({{ staged_orders() }}) as staged;
analyze staged_now;
insert into touched_now
{%- if _types_as_before() %}
with staged as (
    select touched_shop, touched_parent, count(*) as lines, sum(fingerprint) as fingerprint from staged_now group by 1, 2
),
kept as (
    select touched_shop, touched_parent, count(*) as lines, sum(fingerprint) as fingerprint from {{ this }} group by 1, 2
)
select touched_shop, touched_parent
from staged full join kept using (touched_shop, touched_parent)
where (staged.lines, staged.fingerprint) is distinct from (kept.lines, kept.fingerprint)
union
select touched_shop, touched_parent from staged_now
where touched_shop in (select coalesce(shop_id, 0) from ({{ differences('shops_of_orders', shops_of_orders()) }}) as differing);
do $$
begin
    perform from touched_now; -- sets `found`, as every insert below does
    while found loop
        analyze touched_now;
        insert into touched_now
        with touched as (
            select id, touched_shop, order_sn from staged_now
            where (touched_shop, touched_parent) in (select shop_id, parent_key from touched_now)
            union
            select id, touched_shop, order_sn from {{ this }}
            where (touched_shop, touched_parent) in (select shop_id, parent_key from touched_now)
        ),
        competing as (
            select others.touched_shop, others.touched_parent
            from staged_now as others
            inner join touched
                on others.touched_shop = touched.touched_shop and coalesce(others.order_sn, '') = coalesce(touched.order_sn, '')
            union
            select others.touched_shop, others.touched_parent
            from staged_now as others
            inner join touched using (id)
        )
        select * from competing except select shop_id, parent_key from touched_now;
    end loop;
end
$$;
{%- else %}
select touched_shop, touched_parent from staged_now
union
select touched_shop, touched_parent from {{ this }};
{%- endif %}
analyze touched_now;
delete from {{ this }} where (touched_shop, touched_parent) in (select shop_id, parent_key from touched_now);
{%- endif -%}
{%- endif -%}
{% endmacro %}

{% macro _types_as_before() %}
    {%- set found = run_query("select 1 from intermediate.followed where model = '" ~ model.name ~ "' and starts_with(meaning, '" ~ local_md5(staged_orders()) ~ "')") -%}
    {{ return(found | length > 0) }}
{% endmacro %}

{# Where all rows were read, whoever follows starts anew: these rows mean their SQL and the build that read them all. #}
{% macro end_changed_orders() %}
{%- if execute -%}
{%- for log in ['orders', 'parents'] %}
insert into intermediate.touched_{{ log }} select shop_id, parent_key, clock_timestamp() from touched_now;
{%- endfor %}
{{ remember('shops_of_orders', shops_of_orders()) }}
insert into intermediate.followed (model, log, meaning, read_at, built_at)
values ('{{ model.name }}', 'staging', '{{ local_md5(staged_orders()) }} ' || now(), now(), {{ refreshed_at() }})
on conflict (model) do update set read_at = excluded.read_at, built_at = excluded.built_at
{%- if not (is_incremental() and _types_as_before()) %}, meaning = excluded.meaning{% endif %}
{%- endif -%}
{% endmacro %}
