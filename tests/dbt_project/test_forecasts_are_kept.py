"""What was forecast stays as it was said (§6.10), whatever is rebuilt and whatever the days turn out to be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.dbt_project.conftest import Warehouse

FORECASTS = (
    "select made_on, count(*) as n, sum(forecast_gmv_cny) as gmv from marts.mart_gmv_forecast group by 1 order by 1"
)


def _build(warehouse: Warehouse, as_of: str, *more: str, what: str = "+view_gmv_forecast_series") -> None:
    arguments = ("--vars", f"{{as_of_date: '{as_of}'}}", *more)
    only = ("--select", what, "--exclude", "staging", "--exclude-resource-type", "unit_test")
    only += ("--exclude-resource-type", "test")
    warehouse.dbt("build", *only, *arguments)


def test_past_forecasts_survive_later_builds_and_full_refreshes(warehouse: Warehouse) -> None:
    warehouse.fill("stg_temu__shops", {"id": "bigint", "region": "text"}, [{"id": 1, "region": "US"}])
    types = {
        "id": "bigint", "shop_id": "bigint", "order_sn": "text", "quantity": "bigint", "total_price": "numeric",
        "currency": "text", "status": "text", "order_time": "timestamptz",
    }  # fmt: skip
    order = {"shop_id": 1, "quantity": 1, "total_price": "10.00", "currency": "CNY", "status": "PAID"}
    days = [date(2026, 2, day) for day in range(1, 29)]
    rows = [order | {"id": n, "order_sn": f"O-{n}", "order_time": f"{day}T04:00Z"} for n, day in enumerate(days)]
    warehouse.fill("stg_temu__orders", types, rows)
    _build(warehouse, "2026-02-20")
    [first] = warehouse.rows(FORECASTS)
    assert first == {"made_on": date(2026, 2, 20), "n": 60, "gmv": Decimal("600.00")}
    warehouse.execute("update staging.stg_temu__orders set total_price = 20")  # the past turns out otherwise
    _build(warehouse, "2026-02-27")
    _build(warehouse, "2026-02-27", "--full-refresh", what="mart_gmv_forecast+")
    assert warehouse.rows(FORECASTS) == [first, {"made_on": date(2026, 2, 27), "n": 60, "gmv": Decimal("1200.00")}]
    chart = warehouse.rows(
        "select actual_gmv_cny, forecast_week_before_gmv_cny, forecast_gmv_cny from marts.view_gmv_forecast_series "
        "where shop_id = 0 and business_day in ('2026-02-27', '2026-02-28') order by business_day"
    )
    assert [tuple(row.values()) for row in chart] == [
        (Decimal("20.00"), Decimal("10.00"), None),
        (None, None, Decimal("20.00")),
    ]
