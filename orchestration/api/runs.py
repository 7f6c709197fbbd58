"""Runs that programs ask for: started once per request, found again by their task id, which is Dagster's run id.

Belongs here: starting with a tag that tells requests apart, and Dagster's view of a run. Figures: `tasks`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from connectors.errors import ConfigurationError
from orchestration.launch import DagsterClient
from orchestration.names import REQUEST_TAG, REQUESTED_BY_TAG

UNFINISHED = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")
_STATES = {
    **dict.fromkeys(("QUEUED", "NOT_STARTED", "STARTING", "MANAGED"), "pending"),
    **dict.fromkeys(("STARTED", "CANCELING"), "running"),
    "SUCCESS": "completed",
}

_FIND = """
query Find($filter: RunsFilter!) {
  runsOrError(filter: $filter, limit: 1) {
    __typename
    ... on Runs { results { runId jobName status creationTime startTime endTime runConfig } }
    ... on Error { message }
  }
}"""

_SCRAPE_SECONDS = 2.0
"""A monitor would rather miss the queue's length than wait for it."""
_UNFINISHED = """
query Unfinished($waiting: RunsFilter!, $working: RunsFilter!) {
  pending: runsOrError(filter: $waiting, limit: 0) { __typename ... on Runs { count } }
  running: runsOrError(filter: $working, limit: 0) { __typename ... on Runs { count } }
}"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run as Dagster sees it; times are aware UTC. `state` is pending, running, completed or failed."""

    id: str
    job: str
    state: str
    requested_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    config: Mapping[str, Any]

    @property
    def shops(self) -> frozenset[str]:
        """Names or mall ids of the shops that were named; empty = all active ones."""
        steps = self._steps()
        named = {str(one["mall_id"]) for step in steps for one in step.get("named", ()) if "mall_id" in one}
        return frozenset(named or {str(name) for step in steps for name in step.get("shops", ())})

    @property
    def days(self) -> float:
        """How many whole days it reads; 0.0 = what is new."""
        for step in self._steps():
            if step.get("first_day") and step.get("last_day"):
                first, last = (date.fromisoformat(step[name]) for name in ("first_day", "last_day"))
                return float((last - first).days + 1)
        return 0.0

    def _steps(self) -> list[Mapping[str, Any]]:
        return [step.get("config") or {} for step in (self.config.get("ops") or {}).values()]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to start a job with this run config. Equal ones share a run while it is unfinished."""

    job: str
    config: Mapping[str, object]
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The same for the same request."""
        whole = json.dumps([self.job, self.config, dict(self.tags)], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:32]


class Runs:
    """Starts and finds runs through Dagster's web server. Methods block; call them from a thread."""

    def __init__(self, client: DagsterClient | None) -> None:
        self._client = client
        self._starting = threading.Lock()

    def start(self, asked: Asked, *, requested_by: str) -> tuple[Run, bool]:
        """The run for this request, and whether it is a new one. Raises TransientError or ConfigurationError."""
        with self._starting:  # so that two equal requests at once share a run, too
            running = self._find({"tags": [{"key": REQUEST_TAG, "value": asked.tag}], "statuses": list(UNFINISHED)})
            if running:
                return running, False
            own = {REQUEST_TAG: asked.tag, REQUESTED_BY_TAG: requested_by, "dagster/priority": "2"}
            run_id = self._dagster.launch(asked.job, config=asked.config, tags={**own, **asked.tags})
        return Run(run_id, asked.job, "pending", datetime.now(UTC), None, None, asked.config), True

    def find(self, task_id: str, jobs: Sequence[str]) -> Run | None:
        """The run of this id, if it is one of these jobs."""
        run = self._find({"runIds": [task_id]})
        return run if run and run.job in jobs else None

    def unfinished(self) -> dict[str, int]:
        """How many runs of the whole instance are pending and running. Raises TransientError or ConfigurationError."""
        states = {state: [one for one in UNFINISHED if _STATES[one] == state] for state in ("pending", "running")}
        asked = {"waiting": {"statuses": states["pending"]}, "working": {"statuses": states["running"]}}
        told = self._dagster.ask(_UNFINISHED, asked, timeout_seconds=_SCRAPE_SECONDS)
        return {state: int(told[state].get("count") or 0) for state in states}

    @property
    def _dagster(self) -> DagsterClient:
        if self._client is None:
            raise ConfigurationError(
                "this door knows no Dagster", remedy="start it with `omni up`, or set OMNI_DAGSTER_URL"
            )
        return self._client

    def _find(self, wanted: Mapping[str, object]) -> Run | None:
        found = self._dagster.ask(_FIND, {"filter": wanted})["runsOrError"]
        if found["__typename"] != "Runs":
            raise ConfigurationError(f"Dagster does not tell its runs: {found.get('message')}")
        return next((_run(row) for row in found["results"]), None)


def _run(row: Mapping[str, object]) -> Run:
    return Run(
        id=str(row["runId"]),
        job=str(row["jobName"]),
        state=_STATES.get(str(row["status"]), "failed"),
        requested_at=_instant(row["creationTime"]),
        started_at=_instant(row["startTime"]),
        finished_at=_instant(row["endTime"]),
        config=row["runConfig"] if isinstance(row["runConfig"], Mapping) else {},
    )


def _instant(epoch: object) -> datetime | None:
    return datetime.fromtimestamp(epoch, UTC) if isinstance(epoch, int | float) else None
