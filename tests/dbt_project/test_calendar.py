"""dim_date: as_of_date bounds windows, never the facts (§6.2), so every day with an order is in the calendar."""

from __future__ import annotations

from datetime import date

import pytest

from tests.dbt_project.conftest import Warehouse


@pytest.mark.parametrize(
    ("as_of", "last_day"), [("2024-03-01", date(2027, 12, 31)), ("2027-03-01", date(2028, 12, 31))]
)
def test_the_calendar_ends_with_the_year_after_as_of_date_and_the_last_order(
    warehouse: Warehouse, as_of: str, last_day: date
) -> None:
    warehouse.execute("create schema intermediate")
    warehouse.execute(
        "create table intermediate.int_order_lines__placed as"
        " select * from (values (date '2024-02-28', null), ('2026-02-03', null), ('2031-01-01', 'orphan_shop'))"
        " as lines (order_date, quarantine_reason)"
    )
    warehouse.dbt("run", "--select", "dim_date", "--vars", f"{{as_of_date: '{as_of}'}}")
    [calendar] = warehouse.rows(
        "select min(date_day) as first_day, max(date_day) as last_day, count(*) as days,"
        " max(date_day) filter (where is_complete) as complete_to from marts.dim_date"
    )
    assert calendar == {
        "first_day": date(2022, 1, 1),
        "last_day": last_day,
        "days": (last_day - date(2022, 1, 1)).days + 1,
        "complete_to": date.fromisoformat(as_of),
    }
