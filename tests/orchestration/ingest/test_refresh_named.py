"""Orders and products by number: each shop for itself, then the marts, and everything that went wrong is told."""

from __future__ import annotations

import pytest
from dagster import DagsterInstance

import connectors.sync
from connectors.errors import ConfigurationError, ShopAuthError
from orchestration.ingest import jobs
from orchestration.ingest.definitions import build_defs
from orchestration.names import NAMED_ORDERS_STEP, NAMED_PRODUCTS_STEP
from tests.orchestration.registered import Registered


@pytest.mark.parametrize(
    ("job", "step", "function"),
    [
        ("refresh_orders", NAMED_ORDERS_STEP, "refresh_orders"),
        ("refresh_products", NAMED_PRODUCTS_STEP, "refresh_products"),
    ],
)
def test_the_trouble_of_a_shop_is_told_beside_that_of_the_marts_and_stops_no_other_shop(
    registered: Registered,
    instance: DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    job: str,
    step: str,
    function: str,
) -> None:
    asked: list[int] = []
    malls = [shop.temu_shop_id for shop in registered.shops[:2]]

    def refresh(_url: str, *, temu_shop_id: int, **_how: object) -> str:
        asked.append(temu_shop_id)
        if temu_shop_id == malls[0]:
            raise ShopAuthError("token expired")
        return "read"

    def build(_warehouse: object) -> None:
        raise ConfigurationError("dbt could not build")

    monkeypatch.setattr(connectors.sync, function, refresh)
    monkeypatch.setattr(jobs, "build_fresh_marts", build)
    named = [{"mall_id": mall, "number": "1"} for mall in malls]
    config = {"ops": {step: {"config": {"named": named}}}}
    definition = build_defs().resolve_job_def(job)
    result = definition.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
    assert asked == malls
    data = next(event.step_failure_data for event in result.all_events if event.is_step_failure)
    told = str(data.user_failure_data.description)
    assert f"shop {malls[0]}: token expired" in told
    assert "marts: dbt could not build" in told
