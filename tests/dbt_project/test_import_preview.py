"""The preview of a file of managers tells the lines that the next build moves from one manager to another (G)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from connectors.files import import_file
from orchestration.import_impact import ImpactWatch
from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import PLACED, Landing

DAY = 86400
FILE = "shop,sku,manager,effective_from\n,SYN-1,ann,2025-12-01\n,SYN-1,cat,2026-01-02\n7,SYN-2,ben,\n"
LINES = ("build", "--select", "+fct_order_lines_costed", "dim_shop", "snap_products")
LINES += ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


@pytest.fixture
def built(migrated_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """Three listings and an order of each on four days, SYN-2 being seen from the third day on."""
    warehouse = migrated_warehouse
    monkeypatch.setenv("OMNI_DATABASE_URL", warehouse.url)
    warehouse.execute(
        "insert into ops.shops (id, temu_shop_id, shop_name, region, gateway, app_key, default_manager) "
        "values (1, 7, 'US one', 'US', 'US', 'key', 'kim')"
    )
    landing = Landing(warehouse)
    for listing in (1, 2, 3):
        code = f"SYN-{listing}"
        landing.land("products", {"goodsName": "Tee", "skuSn": code}, sku_id=listing, sku_code=code)
        for day in range(4):
            landing.order(f"PO-{listing}-{day}", [_line(listing, day)], parentOrderTime=PLACED + day * DAY)
    warehouse.dbt(*LINES)
    warehouse.execute("update marts.snap_products set dbt_valid_from = '2026-01-03' where sku_code = 'SYN-2'")
    yield warehouse
    warehouse.execute("truncate ops.shops, raw_temu.products, raw_temu.orders, raw_files.product_managers cascade")


def _line(listing: int, day: int) -> dict[str, object]:
    article = {"productSkuId": listing, "soldFactor": 1, "extCode": f"SYN-{listing}"}
    return {
        "orderSn": f"O-{listing}-{day}",
        "orderStatus": 4,
        "quantity": 1,
        "skuId": listing,
        "productList": [article],
    }


def _managers(warehouse: Warehouse) -> dict[str, tuple[str, date]]:
    rows = warehouse.rows("select order_sn, manager, order_date from marts.fct_order_lines_costed")
    return {row["order_sn"]: (row["manager"], row["order_date"]) for row in rows}


def test_what_the_preview_tells_of_managers_is_what_the_next_build_changes_g(built: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "product_managers.csv"
    path.write_text(FILE)
    preview, watch = ImpactWatch(), ImpactWatch()
    import_file(built.url, path, run_id="r", dry_run=True, watch=preview)
    import_file(built.url, path, run_id="r", watch=watch)
    before = _managers(built)
    built.dbt(*LINES)
    after = _managers(built)
    moved = {order: day for order, (manager, day) in before.items() if after[order][0] != manager}
    assert {order: after[order][0] for order in moved} == {
        "O-1-0": "ann", "O-1-1": "cat", "O-1-2": "cat", "O-1-3": "cat", "O-2-0": "ben", "O-2-1": "ben"
    }  # fmt: skip
    days = set(moved.values())
    told = preview.found
    assert told is not None
    assert told == watch.found
    assert (told.lines, told.holders, told.spans) == (len(moved), len(moved), len(days))
    assert (told.first_day, told.last_day) == (min(days), max(days))
