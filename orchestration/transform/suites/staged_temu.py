"""Rules on staged rows of the platform: shops, order lines, listings. One batch each; orders of the last 35 days."""

from __future__ import annotations

from connectors.shops import REGION_TIMEZONES
from orchestration.transform.suites.normalise import n1, n2, n3
from orchestration.transform.suites.rules import E, Suite, W, between, holds, not_null, one_of, rule, unique

SHOPS = """
    select shop_id, upper(region) as region, lower(environment) as environment, default_manager,
        coalesce(shop_name, id::text) as sample_key
    from staging.stg_temu__shops"""
SHOP_COLUMNS = """
    select column_name::text as column_name, column_name::text as sample_key
    from information_schema.columns
    where table_schema = 'staging' and table_name = 'stg_temu__shops'"""

ORDERS = f"""
    with rates as (
        select distinct {n3(n1("base_currency"))} as currency
        from staging.stg_files__fx_rates where {n3(n1("quote_currency"))} = 'CNY'
    ), lines as (
        select *, {n2(n1("product_sku"))} as code, {n3(n1("currency"))} as order_currency
        from staging.stg_temu__orders where updated_at is null or updated_at >= now() - interval '35 days'
    )
    select concat_ws('/', shop_id, order_sn, product_sku) as sample_key, updated_at, quantity,
        order_currency is null or order_currency = 'CNY' or order_currency in (select currency from rates) as has_rate,
        abs(total_price - unit_price * quantity) <= 0.01 as total_fits,
        -- LEAST ignores what is unknown
        coalesce(order_time <= least(payment_time, shipping_time, delivery_time), true)
            and coalesce(payment_time <= least(shipping_time, delivery_time), true)
            and coalesce(shipping_time <= delivery_time, true) as times_follow,
        delivery_time is null or coalesce(temu_status_code in (5, 51), false)
            or coalesce(upper({n1("status")}) in (
                'DELIVERED', 'COMPLETED', 'REFUNDED', '已送达', '已签收', '已完成', '已退款'
            ), false)
            as delivery_fits,
        not (count(code) over child between 1 and count(*) over child - 1) as codes_agree
    from lines
    window child as (partition by shop_id, order_sn)"""

PRODUCTS = f"""
    with products as (
        select *, {n2(n1("sku"))} as code, {n1("manager")} as own_manager, {n3(n1("currency"))} as price_currency
        from staging.stg_temu__products
    ), valid_costs as (
        select p.shop_id, p.code, count(distinct (c.cost_price, {n3(n1("c.currency"))})) as costs
        from products p
        join staging.stg_files__product_costs c on c.product_id = p.id
             and c.effective_from <= now() and (c.effective_to is null or now() < c.effective_to)
        group by 1, 2
    )
    select concat_ws('/', p.shop_id, p.product_id) as sample_key, concat_ws('/', p.shop_id, p.product_id) as listing,
        p.code, p.price_currency, p.stock_quantity, coalesce(p.own_manager, {n1("s.default_manager")}) as responsible,
        coalesce(v.costs, 1) as costs_of_code,
        not coalesce(p.is_active, false) or coalesce(p.current_price > 0, false) as is_priced
    from products p
    left join staging.stg_temu__shops s on s.id = p.shop_id
    left join valid_costs v on v.shop_id = p.shop_id and v.code = p.code"""

TEMU_SUITES = (
    Suite(
        "stg_temu__shops",
        SHOPS,
        (
            unique(E, "shop_id", "a mall is one shop"),
            not_null(E, "shop_id", "a shop has its mall id"),
            one_of(E, "region", "the region is one of those with a time zone", *REGION_TIMEZONES),
            one_of(E, "environment", "a shop is production or sandbox", "production", "sandbox"),
            not_null(W, "default_manager", "a shop has a default manager"),
        ),
        "staging",
    ),
    Suite(
        "stg_temu__shops",
        SHOP_COLUMNS,
        (
            rule(
                E,
                "no column is named token, secret or key",
                "ExpectColumnValuesToNotMatchRegex",
                "column_name",
                regex="token|secret|key",
            ),
        ),
        "staging",
    ),
    Suite(
        "stg_temu__orders",
        ORDERS,
        (
            not_null(E, "updated_at", "a line says when it changed"),
            holds(W, "has_rate", "the currency has a rate"),
            between(W, "quantity", "the quantity lies between 0 and 1,000", min_value=0, max_value=1000),
            holds(W, "total_fits", "the total is unit price × quantity, to the cent"),
            holds(W, "times_follow", "ordered, paid, shipped and delivered follow each other"),
            holds(W, "delivery_fits", "only delivered, completed or refunded lines have a delivery time"),
            holds(W, "codes_agree", "no order has lines with and without SKU code"),
        ),
        "staging",
    ),
    Suite(
        "stg_temu__products",
        PRODUCTS,
        (
            unique(E, "listing", "a listing is one row"),
            not_null(W, "code", "a listing has its SKU code"),
            between(W, "costs_of_code", "a code repeated within a shop has one cost", max_value=1),
            holds(W, "is_priced", "an active listing has a price above zero"),
            not_null(W, "price_currency", "a price has its currency"),
            between(W, "stock_quantity", "no stock is negative", min_value=0),
            not_null(W, "responsible", "a listing or its shop has a manager"),
        ),
        "staging",
    ),
)
