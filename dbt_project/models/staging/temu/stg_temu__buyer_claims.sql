-- The lines of the cases whose detail is granted, in minor units. What a buyer wrote stays out.
select
    landed.shop_id,
    landed.parent_after_sales_sn,
    claim."afterSalesSn" as after_sales_sn,
    landed.parent_order_sn,
    claim."orderSn" as order_sn,
    claim."afterSalesStatus" as status,
    claim."afterSalesReasonCode" as reason_code,
    {{ json_bigint('claim."applyAfterSalesGoodsNumber"') }} as units,
    case
        when claim."applyRefundAmount" ->> 'currency' is not null
            then {{ from_minor_units(
                json_number("claim.\"applyRefundAmount\" ->> 'amount'"),
                n3(n1("claim.\"applyRefundAmount\" ->> 'currency'"))
            ) }}
    end as claimed_amount,
    {{ n3(n1("claim.\"applyRefundAmount\" ->> 'currency'")) }} as currency,
    landed.source_updated_at as updated_at
from {{ source('raw_temu', 'after_sales_details') }} as landed
cross join lateral jsonb_to_recordset({{ json_array("landed.payload -> 'afterSalesList'") }}) as claim (
    "afterSalesSn" text, "orderSn" text, "afterSalesStatus" text, "afterSalesReasonCode" text,
    "applyAfterSalesGoodsNumber" text, "applyRefundAmount" jsonb
)
