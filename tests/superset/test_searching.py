"""The search box of a table that the server pages finds its words anywhere; what other filters say stays as it is."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ({"col": "order_sku_package", "op": "ILIKE", "val": "AB-1%"}, "%AB-1%"),
        ({"col": "order_sku_package", "op": "ILIKE", "val": "%AB-1%"}, "%AB-1%"),
        ({"col": "order_sku_package", "op": "ILIKE", "val": "%"}, "%"),
        ({"col": "status", "op": "IN", "val": ["paid%"]}, ["paid%"]),
        ({"col": "status", "op": "==", "val": "paid%"}, "paid%"),
        ({"col": "order_date", "op": "IS NULL"}, None),
    ],
)
def test_only_what_a_search_box_asks_is_looked_for_anywhere(
    superset_modules: None, one: dict[str, Any], expected: object
) -> None:
    from searching import anywhere

    assert anywhere(one).get("val") == expected
