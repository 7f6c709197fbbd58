-- After-sales cases of any status, newest version (D1, D3). One row per (shop_id, refund_sn).
with versions as (
    {{ newest_per_id(ref('int_refunds__typed'), 'updated_at desc nulls last, refund_sn, refund_amount') }}
)

select distinct on (shop_id, coalesce(refund_sn, source_id))
    id,
    source_id,
    shop_id,
    refund_sn,
    order_sn,
    {{ n2('product_sku') }} as sku,
    refund_quantity,
    refund_amount,
    {{ n3('currency') }} as refund_currency,
    coalesce(is_restocked, false) as is_restocked,
    lower(status) as status,
    refund_time
from versions
order by shop_id, coalesce(refund_sn, source_id), updated_at desc nulls last, id desc nulls last
