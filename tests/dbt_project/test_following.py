"""Lines computed anew where something changed are the lines that computing all of them gives, whatever changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.filling import fill_staging
from tests.dbt_project.scenarios import AS_OF, nasty_world
from tests.thorough import cases

MODEL = "model.temu_omni."
FOLLOWERS = (
    "intermediate.int_order_lines__placed",
    "intermediate.int_order_lines__matched",
    "intermediate.int_order_lines__priced",
    "intermediate.int_order_lines__costed",
    "marts.fct_order_lines_costed",
    "intermediate.int_parents__summed",
    "intermediate.int_gmv__by_day",
    "intermediate.int_sales__by_currency_day",
    "marts.mart_sku_daily",
    "marts.mart_sku_daily_by_manager",
    "marts.mart_sku_monthly_by_manager",
    "marts.mart_manager_daily",
    "marts.mart_destinations_daily",
    "marts.mart_order_hours_daily",
    "marts.mart_line_kinds_daily",
    "intermediate.int_hot_sellers__by_shop",
)
BELOW = [f"+{follower.partition('.')[2]}" for follower in FOLLOWERS]
BUILD = ["build", "--select", *BELOW, "--exclude", "path:models/staging"]
BUILD += ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
BUILD += ["--vars", f"{{as_of_date: '{AS_OF}'}}"]
DECLARED = "insert into staging.stg_files__product_managers (product_id, manager, effective_from)"
ARRIVE = "insert into {0} select (jsonb_populate_record(old, jsonb_build_object(%s))).* from {0} as old where {1}"
# Each on some rows of its relation.
EDITS = {
    "late orders arrive": (
        "orders",
        ARRIVE % "'id', old.id + 500000, 'order_sn', 'LATE-' || old.id, 'parent_order_sn', 'LATE-' || old.id / 2",
    ),
    "orders that are known get another line": (
        "orders",
        ARRIVE % "'id', old.id + 700000, 'product_sku', 'AB-02', 'spu_id', 'SP02'",
    ),
    "refunds arrive": (
        "refunds",
        ARRIVE % "'id', old.id + 500000, 'refund_sn', 'LATE-' || old.id, 'status', 'completed'",
    ),
    "costs arrive": ("product_costs", ARRIVE % "'id', old.id + 500000, 'product_id', old.product_id + 1"),
    "listings arrive": ("products", ARRIVE % "'id', old.id + 500000, 'sku', 'NEW-' || old.id"),
    "shops have somebody else for the rest": ("shops", "update {} set default_manager = 'zoe' where {}"),
    "shops turn out to be for trying only": ("shops", "update {} set environment = 'sandbox' where {}"),
    "lines move": ("orders", "update {} set quantity = '9', status = 'shipped', total_price = '12.34' where {}"),
    "orders leave": ("orders", "delete from {} where {}"),
    "orders change their parent": ("orders", "update {} set parent_order_sn = 'PO-NEW' where {}"),
    "orders are of another day": ("orders", "update {} set order_time = order_time - interval '9 days' where {}"),
    "orders take an id that is in use": ("orders", "update {} set id = 17 where {}"),
    "orders take a number that is in use": ("orders", "update {} set order_sn = 'O-00007-0', shop_id = 1 where {}"),
    "listings have another code": ("products", "update {} set sku = 'AB-02' where {}"),
    "listings are of another style": ("products", "update {} set spu_id = 'SP02' where {}"),
    "listings leave": ("products", "delete from {} where {}"),
    "listings cost otherwise": ("products", "update {} set current_price = '7.77' where {}"),
    "somebody else answers for listings": ("products", "update {} set manager = 'zoe' where {}"),
    "costs are edited": ("product_costs", "update {} set cost_price = '3.21' where {}"),
    "costs begin later": (
        "product_costs",
        "update {} set effective_from = effective_from + interval '40 days' where {}",
    ),
    "costs leave": ("product_costs", "delete from {} where {}"),
    "rates are edited": ("fx_rates", "update {} set rate = 6.54321 where {}"),
    "rates leave": ("fx_rates", "delete from {} where {}"),
    "fees are edited": ("fee_rates", "update {} set rate = 0.0777 where {}"),
    "somebody answered for listings before": (
        "products",
        f"{DECLARED} select id, 'ann', '2023-01-01' from {{}} where {{}}",
    ),
    "bundles hold more": ("order_line_components", "update {} set sold_factor = sold_factor + 1 where {}"),
    "bundles hold nothing": ("order_line_components", "delete from {} where {}"),
    "refunds are worth more": ("refunds", "update {} set refund_amount = '4.44' where {}"),
    "refunds are rejected": ("refunds", "update {} set status = 'rejected' where {}"),
    "charges are edited": ("order_charges", "update {} set amount = 9.99 where {}"),
    "charges leave": ("order_charges", "delete from {} where {}"),
    "shops move": ("shops", "update {} set timezone = 'America/Los_Angeles' where {}"),
    "shops leave": ("shops", "delete from {} where {}"),
    "shops are of another entity": ("shops", "update {} set entity = 'Elsewhere Ltd' where {}"),
}
BUNDLES = """
    insert into staging.stg_temu__order_line_components (shop_id, order_sn, product_sku, sold_factor)
    select orders.shop_id, orders.order_sn, products.sku, 2
    from staging.stg_temu__orders as orders
    inner join staging.stg_temu__products as products using (shop_id)
    where orders.id % 5 = 0 and (orders.id + products.id) % 17 = 0
"""
FILES = ("product_costs", "fx_rates", "fee_rates", "order_charges")


def edit(warehouse: Warehouse, name: str, chance: Random) -> None:
    """Do this to some rows of the relation, of which there are hundreds, or to one or two shops."""
    entity, statement = EDITS[name]
    relation = f"staging.stg_{'files' if entity in FILES else 'temu'}__{entity}"
    few = chance.randint(1, 2)
    order = f"order by md5(ctid::text || '{chance.random()}') limit {few if entity == 'shops' else 20 * few}"
    warehouse.execute(statement.format(relation, f"ctid in (select ctid from {relation} {order})"))


def contents(warehouse: Warehouse) -> dict[str, Counter[str]]:
    rows = "select (to_jsonb(t) - '_refreshed_at')::text as row from {} as t"
    return {relation: Counter(row["row"] for row in warehouse.rows(rows.format(relation))) for relation in FOLLOWERS}


def build_anew(warehouse: Warehouse) -> dict[str, Counter[str]]:
    warehouse.dbt(*BUILD, "--full-refresh")
    return contents(warehouse)


@pytest.fixture(scope="module")
def world(_warehouse: Warehouse) -> Iterator[Warehouse]:
    """Lines and their sums of a small nasty world."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMNI_DATABASE_URL", _warehouse.url)
        _warehouse.empty()
        fill_staging(_warehouse.url, nasty_world(seed=7, parents=400))
        _warehouse.dbt(*BUILD)
        _warehouse.execute(BUNDLES)
        _warehouse.dbt(*BUILD)  # so that each test below begins with nothing new
        yield _warehouse


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(cases(1, 20)))
def test_any_edits_in_any_order_give_what_computing_everything_gives(world: Warehouse, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - reproducible edits
    names = chance.sample(sorted(EDITS), len(EDITS))
    for start in range(0, len(names), 4):
        done = names[start : start + 4]
        for name in done[:2]:
            edit(world, name, chance)
        world.dbt(*BUILD)
        for name in done[2:]:
            edit(world, name, chance)
        world.dbt(*BUILD)
        followed = contents(world)
        anew = build_anew(world)
        for relation in FOLLOWERS:
            assert followed[relation] == anew[relation], f"{relation} after {done}"


def test_whatever_lines_are_computed_from_is_followed(world: Warehouse) -> None:
    nodes = world.parsed.nodes
    followed = {*nodes[f"{MODEL}int_order_lines__touched"].depends_on_nodes}
    followed |= {f"{MODEL}int_orders__typed", f"{MODEL}int_shops__zoned", f"{MODEL}int_order_lines__touched"}
    waiting, seen = [f"{MODEL}fct_order_lines_costed"], set[str]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for above in {*nodes[name].depends_on_nodes} - followed - seen:
            if above.startswith("seed."):
                assert f"reading_seed('{nodes[above].name}')" in nodes[name].raw_code, name
            else:
                assert "staging" not in nodes[above].fqn, (
                    f"{name} reads {above}, which macros/touched_lines.sql forgets"
                )
                waiting.append(above)
    assert {f"{MODEL}int_refunds__attached", f"{MODEL}int_bundle_costs__summed"} < seen


def renewed(warehouse: Warehouse) -> set[str]:
    newest = "select max(_refreshed_at) from marts.fct_order_lines_costed"
    return {
        row["order_line_key"]
        for row in warehouse.rows(
            f"select order_line_key from marts.fct_order_lines_costed where _refreshed_at = ({newest})"
        )
    }


def test_a_cost_edit_computes_the_orders_of_its_listing_and_bundles_and_no_other(world: Warehouse) -> None:
    [listing] = world.rows(
        "select matched_product_id as id, count(*) as lines from marts.fct_order_lines_costed"
        " where cost_status = 'matched' group by 1 order by 2 desc limit 1"
    )
    world.execute(f"update staging.stg_files__product_costs set cost_price = '5.55' where product_id = {listing['id']}")
    orders = f"""
        select order_line_key from marts.fct_order_lines_costed
        where (shop_id, parent_key) in (
            select shop_id, parent_key from marts.fct_order_lines_costed
            where matched_product_id = {listing["id"]}
                or (shop_id, order_sn) in (select shop_id, order_sn from intermediate.int_order_line_components__typed)
        )
    """
    touched = {row["order_line_key"] for row in world.rows(orders)}
    world.dbt(*BUILD)
    assert renewed(world) == touched
    causes = world.rows("select distinct cause from intermediate.int_order_lines__touched order by 1")
    assert [row["cause"] for row in causes] == ["bundle", "cost"]


def test_nothing_is_computed_where_nothing_changed(world: Warehouse) -> None:
    world.dbt(*BUILD)
    before = world.rows("select max(_refreshed_at) as at from marts.fct_order_lines_costed")
    world.dbt(*BUILD)
    assert world.rows("select max(_refreshed_at) as at from marts.fct_order_lines_costed") == before
    assert world.rows("select * from intermediate.int_order_lines__touched") == []


def test_after_a_crash_of_the_server_everything_is_computed_anew(world: Warehouse) -> None:
    anew = build_anew(world)
    for row in world.rows("select relname from pg_class where relpersistence = 'u' and relkind = 'r'"):
        world.execute(f"truncate intermediate.{row['relname']}")  # what recovery does to unlogged tables
    world.dbt(*BUILD)
    assert contents(world) == anew


def test_a_model_whose_rule_changed_is_computed_anew_with_all_that_follow_it(world: Warehouse) -> None:
    world.dbt(*BUILD, "--vars", f"{{as_of_date: '{AS_OF}', unknown_sku: NO-CODE}}")
    followed = contents(world)
    world.dbt(*BUILD, "--full-refresh", "--vars", f"{{as_of_date: '{AS_OF}', unknown_sku: NO-CODE}}")
    anew = contents(world)
    assert {name: followed[name] - anew[name] for name in FOLLOWERS if followed[name] != anew[name]} == {}
    assert any("NO-CODE" in row for row in followed["marts.mart_sku_daily"])
