-- What a line is worth to customs, by the platform's word: minor units. European orders that leave the union have it.
select
    shop_id,
    parent_order_sn,
    order_sn,
    case
        when declared_currency is not null then {{ from_minor_units('declared_minor', 'declared_currency') }}
    end as declared_value,
    declared_currency as currency,
    source_updated_at as updated_at
from {{ ref('base_temu__order_lines') }}
where declared_minor is not null
