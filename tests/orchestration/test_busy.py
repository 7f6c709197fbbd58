"""How the last run of a job ended, for those who decide whether another is worth it."""

from __future__ import annotations

import time

from dagster import DagsterEvent, DagsterEventType, DagsterInstance, DagsterRun, job

from orchestration.busy import is_busy, last_run

BEGAN, ENDED = 1_790_000_000.0, 1_790_000_100.0


@job
def nightly() -> None:
    """A job of nothing."""


def report(instance: DagsterInstance, run: DagsterRun, kind: DagsterEventType, at: float) -> None:
    instance.report_dagster_event(DagsterEvent(kind.value, run.job_name), run.run_id, timestamp=at)


def test_a_job_that_never_ran_has_no_last_run() -> None:
    with DagsterInstance.ephemeral() as instance:
        assert last_run(instance, "nightly") is None


def test_a_run_tells_its_own_start_and_end_and_whether_it_failed() -> None:
    with DagsterInstance.ephemeral() as instance:
        for ending, failed in ((DagsterEventType.RUN_SUCCESS, False), (DagsterEventType.RUN_FAILURE, True)):
            run = instance.create_run_for_job(nightly)
            report(instance, run, DagsterEventType.RUN_START, BEGAN)
            assert is_busy(instance, "nightly")
            report(instance, run, ending, ENDED)
            found = last_run(instance, "nightly")
            assert found is not None
            assert (found.started_at, found.ended_at, found.failed) == (BEGAN, ENDED, failed)


def test_a_run_that_never_started_began_when_it_was_queued() -> None:
    with DagsterInstance.ephemeral() as instance:
        before = time.time()
        instance.report_run_failed(instance.create_run_for_job(nightly))
        found = last_run(instance, "nightly")
        assert found is not None
        assert before - 1 <= found.started_at <= found.ended_at <= time.time() + 1
        assert found.failed
