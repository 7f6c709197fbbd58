"""The ledger's lines about child orders: one that is lost beside others of its order is found, too."""

from __future__ import annotations

import pytest

from connectors.completeness.ledger import Cause
from tests.orchestration.transform.conftest import Built


@pytest.fixture
def two_lines(built: Built) -> tuple[str, str, int, object]:
    """Parent, one child, shop and day of an order with several lines."""
    [(sn, child, shop, day)] = built.execute(
        "select parent_order_sn, payload #>> '{orderList,0,orderSn}', shop_id,"
        " (order_time at time zone 'Asia/Shanghai')::date from raw_temu.orders o join ops.shops s on s.id = o.shop_id"
        " where jsonb_array_length(payload -> 'orderList') > 1 and s.environment = 'production' order by 1 limit 1"
    )
    return str(sn), str(child), int(str(shop)), day


LOST = {
    "staging": ("intermediate.int_order_lines__placed", "marts.fct_order_lines_costed"),
    "the marts": ("marts.fct_order_lines_costed",),
}


@pytest.mark.parametrize("where", LOST)
def test_a_line_that_is_lost_beside_others_of_its_order_is_unexplained(built: Built, two_lines, where: str) -> None:
    _, child, shop, day = two_lines
    for relation in LOST[where]:
        built.execute(f"delete from {relation} where order_sn = %s", child)
    assert built.line("orders", shop, day).balances
    assert built.line("order_lines", shop, day).unexplained == 1


def test_a_line_that_is_there_twice_or_in_another_order_is_named_as_repeated(built: Built, two_lines) -> None:
    sn, child, shop, day = two_lines
    before = built.line("order_lines", shop, day)
    twice = "jsonb_set(payload, '{orderList}', payload -> 'orderList' || (payload #> '{orderList,0}'))"
    built.execute(f"update raw_temu.orders set payload = {twice} where parent_order_sn = %s", sn)
    line = built.line("order_lines", shop, day)
    assert (line.landed, line.causes) == (before.landed + 1, before.causes | {Cause.REPEATED: 1})
    for relation in LOST["staging"]:
        built.execute(f"update {relation} set parent_key = 'another' where order_sn = %s", child)
    assert built.line("order_lines", shop, day).causes[Cause.REPEATED] == 2


def test_a_line_of_the_marts_that_its_order_has_not_is_a_stray(built: Built, two_lines) -> None:
    sn, _, shop, day = two_lines
    fewer = "jsonb_set(payload, '{orderList}', (payload -> 'orderList') - 0)"
    built.execute(f"update raw_temu.orders set payload = {fewer} where parent_order_sn = %s", sn)
    assert built.line("order_lines", shop, day).strays == 1
    built.execute("update raw_temu.orders set loaded_at = now() where parent_order_sn = %s", sn)
    assert built.line("order_lines", shop, day).balances
