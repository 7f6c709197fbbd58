{{ config(severity='error', meta={'dagster': {'ref': {'name': 'fct_order_lines_costed'}}}) }}
-- §8: every surviving staged line is either in the fact or set aside with a reason; none twice, none lost.
with staged as (
    select count(*) as lines
    from (
        select distinct shop_id, coalesce(order_sn, ''), coalesce({{ n2('product_sku') }}, ''), coalesce(spu_id, '')
        from (
            select distinct on (coalesce(id::text, ctid::text)) *
            from {{ ref('int_orders__typed') }}
            order by
                coalesce(id::text, ctid::text), updated_at desc nulls last, order_time desc nulls last,
                quantity desc nulls last, total_price, fingerprint
        ) as newest
    ) as surviving
),

costed as (
    select count(*) as lines from {{ ref('fct_order_lines_costed') }}
),

quarantined as (
    select count(*) as lines from {{ ref('dq_quarantined_rows') }} where entity = 'orders'
)

select staged.lines as staged, costed.lines as costed, quarantined.lines as quarantined
from staged, costed, quarantined
where staged.lines <> costed.lines + quarantined.lines
