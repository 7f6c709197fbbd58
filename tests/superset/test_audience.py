"""Roles follow from the columns of a dataset: nobody has to remember to close one."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def marts(superset_modules: None) -> Any:
    from audience import Marts

    return Marts(
        {"lines": {"manager", "shop_id", "gmv"}, "daily": {"shop_id", "gmv"}, "days": {"day"}, "ranks": {"manager"}},
        frozenset({"days"}),
        frozenset({"ranks"}),
    )


def dataset(table: str, *columns: str, **more: Any) -> dict[str, Any]:
    return {"table_name": table, "columns": [{"column_name": name} for name in columns], **more}


def test_managers_read_only_what_names_the_manager_and_owners_only_what_names_the_shop(marts: Any) -> None:
    from audience import dataset_roles

    assert dataset_roles(dataset("lines", "manager", "shop_id"), marts) == [
        "finance",
        "operations",
        "manager",
        "shop_owner",
    ]
    assert dataset_roles(dataset("daily", "shop_id"), marts) == ["finance", "operations", "shop_owner"]
    assert dataset_roles(dataset("lines", "gmv"), marts) == ["finance", "operations"]
    assert dataset_roles(dataset("days", "day"), marts) == ["finance", "operations", "manager", "shop_owner"]


def test_a_query_over_a_mart_without_the_manager_is_closed_to_managers_whatever_it_returns(marts: Any) -> None:
    from audience import dataset_roles

    mixed = dataset("mixed", "manager", "shop_id", sql="select * from marts.lines join marts.daily using (shop_id)")
    assert dataset_roles(mixed, marts) == ["finance", "operations", "shop_owner"]


def test_a_file_can_narrow_the_roles_and_never_widen_them(marts: Any) -> None:
    from audience import dataset_roles

    assert dataset_roles(dataset("daily", "shop_id", roles=["finance", "manager"]), marts) == ["finance"]


def test_rows_are_limited_except_where_every_rank_is_shown(marts: Any) -> None:
    from audience import limits_rows

    assert limits_rows(dataset("lines", "manager"), "manager", marts)
    assert not limits_rows(dataset("ranks", "manager"), "manager", marts)
    assert not limits_rows(dataset("days", "day"), "manager", marts)
    assert not limits_rows(dataset("lines", "manager"), "operations", marts)


def test_every_dashboard_is_for_somebody_who_can_read_most_of_its_charts(assets: Any) -> None:
    from audience import ROLES, Marts, dashboard_roles, dataset_roles
    from layout import chart_slugs

    marts = Marts.read()
    for slug, dashboard in assets.dashboards.items():
        assert set(dashboard.get("roles", ())) <= set(ROLES)
        charts = chart_slugs(dashboard["layout"])
        for role in dashboard_roles(dashboard):
            readable = [c for c in charts if role in dataset_roles(assets.datasets[assets.charts[c]["dataset"]], marts)]
            assert 2 * len(readable) > len(charts), f"{role} would find {slug} nearly empty"
