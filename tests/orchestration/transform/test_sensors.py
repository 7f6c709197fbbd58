"""The sensor that builds the marts: how long it waits for a load to end, also when it could not look for a while."""

from __future__ import annotations

import time

import pytest
from dagster import (
    AssetKey,
    AssetMaterialization,
    DagsterInstance,
    DagsterRunStatus,
    RunRequest,
    SensorEvaluationContext,
    SkipReason,
    job,
    op,
)

from orchestration.names import LOAD_FILES
from orchestration.transform.freshness import PATIENCE_SECONDS
from orchestration.transform.sensors import build_marts_sensor

ORDERS = AssetKey(["raw_temu", "orders"])
LOOKS_EVERY = 5.0


def evaluate(*, waiting_for: float, looked_ago: float) -> object:
    """What the sensor says while files are being loaded, of news that it noticed `waiting_for` seconds ago."""

    @op
    def load() -> None: ...

    @job(name=LOAD_FILES)
    def load_files() -> None:
        load()

    with DagsterInstance.local_temp() as instance:
        instance.report_runless_asset_event(AssetMaterialization(ORDERS))
        instance.create_run_for_job(load_files, status=DagsterRunStatus.STARTED)
        now = time.time()
        context = SensorEvaluationContext(
            instance.get_ref(), last_tick_completion_time=now - looked_ago, cursor=str(now - waiting_for)
        )
        return build_marts_sensor([ORDERS])(context)


@pytest.mark.parametrize(("waiting_for", "expected"), [(30.0, SkipReason), (PATIENCE_SECONDS + 1, RunRequest)])
def test_a_load_that_goes_on_is_waited_for_until_patience_ends(waiting_for: float, expected: type) -> None:
    assert isinstance(evaluate(waiting_for=waiting_for, looked_ago=LOOKS_EVERY), expected)


def test_news_from_before_a_stop_wait_for_what_the_start_reads() -> None:
    assert isinstance(evaluate(waiting_for=3 * PATIENCE_SECONDS, looked_ago=2 * PATIENCE_SECONDS), SkipReason)
