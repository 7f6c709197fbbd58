"""The nightly job that forgets old runs."""

from dagster import DagsterInstance

from orchestration.ingest.definitions import build_defs
from tests.orchestration.registered import Registered


def test_what_ended_long_ago_is_forgotten_and_told(registered: Registered, instance: DagsterInstance) -> None:
    registered.execute(
        "insert into ops.sync_tasks (id, shop_id, stream, mode, status, run_id, finished_at)"
        " select gen_random_uuid(), 1, 'orders', 'live', 'failed', 'r', now() - age * interval '1 day'"
        " from unnest(array[179, 181]) as age"
    )
    result = build_defs().resolve_job_def("tidy_up").execute_in_process(instance=instance)
    [told] = [event.asset_observation_data.asset_observation for event in result.get_asset_observation_events()]
    assert told.description == "1 tasks and 0 log lines of old runs forgotten"
    assert registered.rows("select count(*) from ops.sync_tasks") == [(1,)]
