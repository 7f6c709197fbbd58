"""When runs are asked for: ticks, the shops table, the two inboxes."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import (
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    RunRequest,
    SensorResult,
    SkipReason,
    build_schedule_context,
    build_sensor_context,
)

from connectors.settings import Settings
from orchestration.ingest.definitions import build_defs
from orchestration.ingest.schedules import (
    ingest_orders_every_30_minutes,
    ingest_products_hourly,
    reread_yesterday_nightly,
)
from orchestration.ingest.sensors import file_inbox, shops_follow_table, webhook_inbox
from orchestration.names import LIVE, MODE_TAG, RANGE_END_TAG, RANGE_START_TAG, SHOPS_PARTITIONS, WINDOW
from orchestration.resources import Warehouse
from tests.orchestration.registered import Registered


def test_a_tick_asks_for_one_live_run_for_all_shops() -> None:
    with DagsterInstance.local_temp() as instance:
        instance.add_dynamic_partitions(SHOPS_PARTITIONS, ["A", "B"])
        for schedule in (ingest_orders_every_30_minutes, ingest_products_hourly):
            answer = schedule(build_schedule_context(instance))
            assert isinstance(answer, RunRequest)
            assert answer.tags[MODE_TAG] == LIVE
            assert RANGE_START_TAG not in answer.tags


def test_a_tick_without_shops_says_how_to_add_one() -> None:
    with DagsterInstance.local_temp() as instance:
        for schedule in (ingest_orders_every_30_minutes, reread_yesterday_nightly):
            answer = schedule(build_schedule_context(instance, scheduled_execution_time=datetime.now(UTC)))
            assert isinstance(answer, SkipReason)
            assert "omni shops add" in str(answer.skip_message)


def test_a_tick_is_skipped_while_its_predecessor_waits_but_not_for_a_backfill() -> None:
    job = build_defs().resolve_job_def("ingest_orders")
    with DagsterInstance.local_temp() as instance:
        instance.add_dynamic_partitions(SHOPS_PARTITIONS, ["A"])
        instance.create_run_for_job(job, tags={MODE_TAG: WINDOW})
        assert isinstance(ingest_orders_every_30_minutes(build_schedule_context(instance)), RunRequest)
        instance.create_run_for_job(job, tags={MODE_TAG: LIVE})
        assert isinstance(ingest_orders_every_30_minutes(build_schedule_context(instance)), SkipReason)


def test_the_night_rereads_the_whole_of_yesterday_for_every_shop() -> None:
    with DagsterInstance.local_temp() as instance:
        instance.add_dynamic_partitions(SHOPS_PARTITIONS, ["B", "A", "C"])
        night = datetime(2026, 11, 3, 1, 40, tzinfo=UTC)
        answer = reread_yesterday_nightly(build_schedule_context(instance, scheduled_execution_time=night))
    assert isinstance(answer, RunRequest)
    assert answer.tags[MODE_TAG] == WINDOW
    assert (answer.tags[RANGE_START_TAG], answer.tags[RANGE_END_TAG]) == ("2026-11-02|B", "2026-11-02|C")


def test_partitions_follow_the_shops_table(registered: Registered) -> None:
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(SHOPS_PARTITIONS, ["Gone", registered.names[0]])
        registered.execute("update ops.shops set is_active = false where id = %s", registered.shops[-1].id)
        context = build_sensor_context(instance, resources={"warehouse": Warehouse()})
        answer = shops_follow_table(context)
    assert isinstance(answer, SensorResult)
    added, deleted = answer.dynamic_partitions_requests or ()
    assert list(added.partition_keys) == registered.names[1:-1]
    assert list(deleted.partition_keys) == ["Gone"]


def test_partitions_that_equal_the_table_ask_for_nothing(registered: Registered, instance: DagsterInstance) -> None:
    answer = shops_follow_table(build_sensor_context(instance, resources={"warehouse": Warehouse()}))
    assert isinstance(answer, SkipReason)


@pytest.fixture
def folders(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Both inboxes, empty, named by the environment."""
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir))
    settings.webhook_inbox.mkdir(parents=True)
    settings.file_inbox.mkdir(parents=True)
    return settings


def ask(sensor: object, instance: DagsterInstance) -> RunRequest | SkipReason:
    answer = sensor(build_sensor_context(instance, resources={"warehouse": Warehouse()}))  # type: ignore[operator]
    assert isinstance(answer, RunRequest | SkipReason)
    return answer


def put(path: Path, *, age: timedelta = timedelta(0)) -> None:
    path.write_text("x")
    then = (datetime.now(UTC) - age).timestamp()
    os.utime(path, (then, then))


@pytest.mark.parametrize(
    ("sensor", "inbox", "name"),
    [(webhook_inbox, "webhook_inbox", "e1.json"), (file_inbox, "file_inbox", "product_costs.xlsx")],
)
def test_an_inbox_asks_for_one_run_and_pauses_after_a_failure_until_something_new_comes(
    folders: Settings, sensor: object, inbox: str, name: str
) -> None:
    folder: Path = getattr(folders, inbox)
    job = build_defs().resolve_job_def("refresh_orders" if inbox == "webhook_inbox" else "load_files")
    with DagsterInstance.ephemeral() as instance:
        assert isinstance(ask(sensor, instance), SkipReason)
        put(folder / name, age=timedelta(minutes=1))
        assert isinstance(ask(sensor, instance), RunRequest)
        run = instance.create_run_for_job(job)
        assert isinstance(ask(sensor, instance), SkipReason)
        instance.report_run_failed(run)
        assert isinstance(ask(sensor, instance), SkipReason)
        put(folder / f"later-{name}", age=timedelta(minutes=-1))
        assert isinstance(ask(sensor, instance), RunRequest)


@pytest.mark.parametrize(("seconds", "rests"), [(0.0, False), (100.0, True)])
def test_between_two_visits_the_machine_rests_for_a_quarter_of_the_first_one(
    folders: Settings, seconds: float, rests: bool
) -> None:
    put(folders.webhook_inbox / "e1.json")
    with DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(build_defs().resolve_job_def("refresh_orders"))
        began = DagsterEvent(DagsterEventType.RUN_START.value, run.job_name)
        instance.report_dagster_event(began, run.run_id, timestamp=time.time() - seconds)
        instance.report_dagster_event(DagsterEvent(DagsterEventType.RUN_SUCCESS.value, run.job_name), run.run_id)
        assert isinstance(ask(webhook_inbox, instance), SkipReason if rests else RunRequest)


def test_a_file_of_a_kind_that_nobody_can_read_asks_for_the_run_that_says_so(folders: Settings) -> None:
    put(folders.file_inbox / "product_costs.xls")
    with DagsterInstance.ephemeral() as instance:
        assert isinstance(ask(file_inbox, instance), RunRequest)


def test_what_is_not_a_finished_table_file_asks_for_nothing(folders: Settings) -> None:
    for name in ("~$costs.xlsx", ".costs.csv", "costs.csv.part", "costs.xlsx.rejected.csv", "costs.csv.reason.txt"):
        put(folders.file_inbox / name)
    with DagsterInstance.ephemeral() as instance:
        assert isinstance(ask(file_inbox, instance), SkipReason)


def test_a_webhook_refreshes_just_the_order_it_names(
    registered: Registered, instance: DagsterInstance, inbox: Path
) -> None:
    live = build_defs().resolve_job_def("ingest_orders")
    assert live.execute_in_process(instance=instance, tags={MODE_TAG: LIVE}).success
    [(shop, order)] = registered.rows(
        "select s.temu_shop_id, o.parent_order_sn from raw_temu.orders o join ops.shops s on s.id = o.shop_id limit 1"
    )
    registered.execute("delete from raw_temu.orders")
    event = {
        "event_id": "e1",
        "event": "bg_order_status_change_event",
        "received_at": datetime.now(UTC).isoformat(),
        "data": {"mallId": shop, "parentOrderSn": order},
    }
    (inbox / "e1.json").write_text(json.dumps(event))
    (inbox / "broken.json").write_text("{")
    job = build_defs().resolve_job_def("refresh_orders")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success  # the malformed file is told, and blocked nobody
    assert registered.rows("select parent_order_sn from raw_temu.orders") == [(order,)]
    assert registered.rows("select event_id from ops.webhook_events") == [("e1",)]
    again = job.execute_in_process(instance=instance)
    assert again.success
