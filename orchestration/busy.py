"""Is a job of this kind already waiting or at work? Schedules and sensors ask before they queue another."""

from __future__ import annotations

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
