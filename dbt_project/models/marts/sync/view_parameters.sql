-- What the numbers were computed with: the vars of the build, and the rates that are valid on its last complete day.
with settings as (
    select distinct on (key) key, value, updated_at
    from {{ ref('int_system_configs__typed') }}
    where key is not null
    order by key, updated_at desc nulls last
),

names as (
    select * from {{ ref('parameters') }}
),

fx as (
    select currency, rate, effective_from
    from {{ ref('int_fx_rates__daily') }}
    where rate_date = {{ as_of_date() }}
),

fees as (
    select distinct on (lower(fee_type), shop_id)
        lower(fee_type) as fee_type,
        shop_id,
        rate,
        effective_from
    from {{ ref('int_fee_rates__typed') }}
    where lower(fee_type) in ('platform', 'payment') and rate >= 0 and rate < 1e6
        and effective_from <= {{ as_of_date() }} and (effective_to is null or effective_to > {{ as_of_date() }})
    order by lower(fee_type), shop_id, effective_from desc, id desc nulls last
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

listed as (
    select
        'setting' as kind,
        settings.key as parameter_key,
        coalesce(names.parameter_name, settings.key) as parameter_name,
        case when settings.key = 'as_of_date' then {{ as_of_date() }}::text else settings.value end as value,
        {{ reporting_day('settings.updated_at') }} as valid_from,
        1000 + coalesce(names.position, 999) as position
    from settings
    left join names using (key)
    union all
    select
        'fx_rate',
        'fx ' || currency,
        currency || ' → {{ var("reporting_currency") }}',
        trim_scale(rate)::text,
        effective_from,
        2000
    from fx
    union all
    select
        'fee_rate',
        'fee ' || fees.fee_type || coalesce(' ' || fees.shop_id::text, ''),
        case fees.fee_type when 'platform' then '平台佣金 / Platform fee' else '支付手续费 / Payment fee' end || ' · ' || case
            when fees.shop_id is null then '全部店铺 All shops' else coalesce(shops.shop_name, fees.shop_id::text)
        end,
        trim_scale(fees.rate)::text,
        fees.effective_from,
        3000
    from fees
    left join shops using (shop_id)
)

select
    parameter_key,
    kind,
    parameter_name,
    value,
    valid_from,
    {{ as_of_date() }} - valid_from as days_in_force,
    kind = 'fx_rate' and {{ as_of_date() }} - valid_from > {{ var('fx_stale_days') }} as is_old,
    position::integer as position,
    {{ refreshed_at() }} as _refreshed_at
from listed
