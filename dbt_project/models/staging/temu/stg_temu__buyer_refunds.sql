-- What buyers were paid back: minor units, times in milliseconds. The list of cases tells its times in seconds, and to
-- shops without the detail, too. What the seller loses is another number: stg_temu__refunds.
with details as (
    select shop_id, parent_after_sales_sn, payload, {{ json_object("payload -> 'refundSummary'") }} as refund
    from {{ source('raw_temu', 'after_sales_details') }}
),

priced as (
    select
        *,
        {{ n3(n1("coalesce(refund #>> '{buyerTotalRefund,currency}', refund #>> '{retailPriceRefundTaxExcl,currency}')")) }}
            as currency
    from details
)

select
    cases.shop_id,
    cases.parent_after_sales_sn,
    cases.parent_order_sn,
    cases.payload ->> 'afterSalesType' as after_sales_type,
    cases.status,
    {%- for name, told in {
        'buyer_refund': 'buyerTotalRefund', 'retail_refund': 'retailPriceRefundTaxExcl', 'tax_refund': 'taxTotalRefund',
        'shipping_refund': 'shippingAmountRefundTaxExcl', 'seller_discount_refund': 'discountFromSellerRefund',
        'platform_discount_refund': 'discountFromTEMURefund',
    }.items() %}
    case
        when priced.currency is not null
            then {{ from_minor_units(json_number("priced.refund #>> '{" ~ told ~ ",amount}'"), 'priced.currency') }}
    end as {{ name }},
    {%- endfor %}
    priced.currency,
    coalesce(
        {{ json_epoch("priced.payload ->> 'createAtMillis'") }}, {{ json_epoch("cases.payload ->> 'createAt'") }}
    ) as created_at,
    coalesce(
        {{ json_epoch("priced.payload ->> 'lastUpdateAtMillis'") }}, {{ json_epoch("cases.payload ->> 'updateAt'") }}
    ) as changed_at,
    {{ json_epoch("cases.payload ->> 'operateExpireTimeMs'") }} as answer_until,
    cases.source_updated_at as updated_at
from {{ source('raw_temu', 'after_sales') }} as cases
left join priced using (shop_id, parent_after_sales_sn)
