"""Is a job of this kind waiting or at work, and how did the last one end? Schedules and sensors ask first."""

from __future__ import annotations

from dataclasses import dataclass

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def is_busy(instance: DagsterInstance, job_name: str, *, tags: dict[str, str] | None = None) -> bool:
    """Whether an unfinished run of the job with these tags exists; a further one would only do the same again."""
    return runs_under_way(instance, job_name, tags=tags) > 0


def runs_under_way(instance: DagsterInstance, job_name: str, *, tags: dict[str, str] | None = None) -> int:
    """How many unfinished runs of the job with these tags there are; one that asks counts itself."""
    return instance.get_runs_count(RunsFilter(job_name=job_name, statuses=UNFINISHED, tags=tags or {}))


@dataclass(frozen=True, slots=True)
class LastRun:
    """A run that ended, successfully or not; instants in seconds since 1970. One that never started began when it was
    queued.
    """

    started_at: float
    ended_at: float
    failed: bool


def last_run(instance: DagsterInstance, job_name: str) -> LastRun | None:
    """The newest run of a job of which none is under way (`is_busy`); None before the first."""
    record = next(iter(instance.get_run_records(RunsFilter(job_name=job_name), limit=1)), None)
    if record is None:
        return None
    return LastRun(
        started_at=record.start_time or record.create_timestamp.timestamp(),
        ended_at=record.end_time or record.update_timestamp.timestamp(),
        failed=record.dagster_run.status is DagsterRunStatus.FAILURE,
    )
