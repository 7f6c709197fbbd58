"""Rules on staged rows of files: costs, charges, settlements, rates, targets. One batch each: they are small.

Rates are closed by the next one of their key: an open end is no overlap there, two rows for one day are.
"""

from __future__ import annotations

from orchestration.transform.suites.rules import E, Suite, W, between, holds, not_null, one_of

CHARGE_TYPES = ("first_mile", "last_mile", "label", "penalty", "other_fee", "subsidy", "freight_income")
LINE_TYPES = ("sales_receipt", "sales_reversal", "freight_receipt", "freight_reversal", "subsidy", "other")

COSTS = """
    select concat_ws('/', c.product_id, c.effective_from) as sample_key, c.cost_price, c.currency,
        c.effective_to > c.effective_from as ends_after_start,
        coalesce(c.effective_to <= lead(c.effective_from) over history, lead(c.effective_from) over history is null)
            as is_alone,
        coalesce(c.effective_to >= lead(c.effective_from) over history, true) as is_followed,
        case when upper(p.currency) = upper(c.currency) then c.cost_price <= p.current_price end as is_below_price
    from staging.stg_files__product_costs c
    left join staging.stg_temu__products p on p.id = c.product_id
    window history as (partition by c.product_id order by c.effective_from)"""

CHARGES = """
    select concat_ws('/', shop_id, parent_order_sn, charge_type) as sample_key, amount,
        lower(charge_type) as charge_type
    from staging.stg_files__order_charges"""
SETTLEMENTS = """
    select concat_ws('/', shop_id, settlement_sn, line_no) as sample_key, amount, lower(line_type) as line_type
    from staging.stg_files__settlement_lines"""
FILES = """
    select file_hash as sample_key, count(distinct source_file) as names
    from (
        select file_hash, source_file from raw_files.order_charges
        union
        select file_hash, source_file from raw_files.settlement_lines
    ) as files
    group by file_hash"""

RATES = """
    with first_order as (select (min(order_time) at time zone 'Asia/Shanghai')::date as day from raw_temu.orders),
    rates as ({rows})
    select concat_ws('/', key, effective_from) as sample_key, rate,
        coalesce(next_from > effective_from and coalesce(effective_to <= next_from, true), true) as is_alone,
        coalesce(effective_to >= next_from, true)
            and (previous_from is not null or first_order.day is null or effective_from <= first_order.day)
            as has_no_gap,
        case when next_from is null then current_date - effective_from end as days_old,
        abs(rate / nullif(previous_rate, 0) - 1) as jump
    from (
        select *, lead(effective_from) over history as next_from, lag(effective_from) over history as previous_from,
            lag(rate) over history as previous_rate
        from rates
        window history as (partition by key order by effective_from, effective_to nulls last)
    ) as listed
    cross join first_order"""
FX = RATES.format(
    rows="select concat_ws('→', base_currency, quote_currency) as key, rate, effective_from, effective_to"
    " from staging.stg_files__fx_rates"
)
FEES = RATES.format(
    rows="select concat_ws('/', fee_type, shop_id) as key, rate, effective_from, effective_to"
    " from staging.stg_files__fee_rates"
)

TARGETS = """
    with managers as (
        select manager from staging.stg_temu__products union select default_manager from staging.stg_temu__shops
        union select manager from staging.stg_files__product_managers
    )
    select concat_ws('/', t.target_month, t.manager, t.shop_id, t.metric) as sample_key, t.target_value,
        extract(day from t.target_month) = 1 as is_first_day,
        t.manager in (select manager from managers where manager is not null) as is_known,
        count(*) filter (where t.shop_id is null) over level = 0
            or count(t.shop_id) over level = 0 as has_one_level
    from staging.stg_files__sales_targets t
    window level as (partition by t.target_month, t.manager, t.metric)"""

FILE_SUITES = (
    Suite(
        "stg_files__product_costs",
        COSTS,
        (
            between(E, "cost_price", "a cost is above zero", min_value=0, strict_min=True),
            not_null(W, "currency", "a cost has its currency"),
            holds(W, "ends_after_start", "a cost ends after it starts"),
            holds(W, "is_alone", "costs of a product do not overlap"),
            holds(W, "is_followed", "the history of a cost has no gap"),
            holds(W, "is_below_price", "a unit costs no more than its supply price"),
        ),
        "staging",
    ),
    Suite(
        "stg_files__order_charges",
        CHARGES,
        (
            not_null(E, "amount", "a charge has an amount"),
            one_of(E, "charge_type", "the kind of a charge is known", *CHARGE_TYPES),
        ),
        "staging",
    ),
    Suite(
        "stg_files__settlement_lines",
        SETTLEMENTS,
        (
            not_null(E, "amount", "a settlement row has an amount"),
            one_of(E, "line_type", "the kind of a settlement row is known", *LINE_TYPES),
        ),
        "staging",
    ),
    Suite(
        "order_charges",
        FILES,
        (between(W, "names", "no bill file was loaded under two names", max_value=1),),
        "raw_files",
    ),
    Suite(
        "stg_files__fx_rates",
        FX,
        (
            between(E, "rate", "a rate is above zero", min_value=0, strict_min=True),
            holds(E, "is_alone", "rates of a currency pair do not overlap"),
            holds(W, "has_no_gap", "rates have no gap since the first order"),
            between(W, "days_old", "the newest rate is at most 7 days old", max_value=7),
            between(W, "jump", "a rate moves at most 10 % from one row to the next", max_value=0.10),
        ),
        "staging",
    ),
    Suite(
        "stg_files__fee_rates",
        FEES,
        (
            between(E, "rate", "a fee takes between nothing and half", min_value=0, max_value=0.5),
            holds(E, "is_alone", "rates of a kind of fee do not overlap"),
            holds(W, "has_no_gap", "fee rates have no gap since the first order"),
        ),
        "staging",
    ),
    Suite(
        "stg_files__sales_targets",
        TARGETS,
        (
            holds(E, "is_first_day", "a target month is named by its first day"),
            holds(W, "is_known", "the manager of a target exists"),
            between(W, "target_value", "a target is above zero", min_value=0, strict_min=True),
            holds(W, "has_one_level", "a target is set for the manager or for shops, not both"),
        ),
        "staging",
    ),
)
