-- Charges of a parent split over all its lines by GMV (A2): shares rounded, the remainder on the greatest line.
-- One row per line of a parent with charges. The derivation of a line asks for the sum of its parent: by index.
{{ config(indexes=[{'columns': ['shop_id', 'parent_key']}]) }}
with totals as (
    select shop_id, parent_order_sn as parent_key, sum(charge_cny) as parent_charges_cny
    from {{ ref('int_order_charges__converted') }}
    where quarantine_reason is null
    group by shop_id, parent_order_sn
),

lines as (
    select * from {{ ref('int_order_lines__priced') }}
),

weighted as (
    select
        lines.order_line_key,
        totals.shop_id,
        totals.parent_key,
        totals.parent_charges_cny,
        coalesce(lines.gmv_cny, 0) as weight,
        sum(coalesce(lines.gmv_cny, 0)) over parent as total_weight,
        count(*) over parent as parent_lines,
        row_number() over (
            partition by totals.shop_id, totals.parent_key
            order by
                coalesce(lines.gmv_cny, 0) desc,
                lines.order_sn collate "C",
                coalesce(lines.product_sku, '') collate "C",
                coalesce(lines.spu_id, '') collate "C"
        ) as precedence
    from totals
    inner join lines using (shop_id, parent_key)
    window parent as (partition by totals.shop_id, totals.parent_key)
),

shares as (
    select
        *,
        round(
            case
                when total_weight = 0 then parent_charges_cny / parent_lines
                else parent_charges_cny * weight / total_weight
            end,
            2
        ) as share_cny
    from weighted
)

select
    order_line_key,
    shop_id,
    parent_key,
    (
        share_cny
        + case
            when precedence = 1
                then parent_charges_cny - sum(share_cny) over (partition by shop_id, parent_key)
            else 0
        end
    )::numeric(38, 2) as charges_cny
from shares
