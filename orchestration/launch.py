"""A small client of the running Dagster: launch a job through the web server, follow it, say what happens.

Belongs here: GraphQL over HTTP for `omni` and for tests of the real services. No Dagster import: shell commands start
fast. Does not belong here: what jobs do.
Run alone: `DagsterClient("http://127.0.0.1:3000").run("ingest_orders", tell=print)`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx

from connectors.errors import ConfigurationError, TransientError
from orchestration.launch_queries import CANCEL, EVENTS, LAUNCH, LOAD_AGAIN, LOCATIONS, RUNS_UNDER_WAY, STATUS
from orchestration.names import (
    INGEST_ORDERS,
    INGEST_PRODUCTS,
    INGEST_REPORTS,
    LIVE,
    LOCATION_OF_JOB,
    MODE_TAG,
    RANGE_END_TAG,
    RANGE_START_TAG,
    SHOP_DAY_STEP,
    SHOP_STEP,
    WINDOW,
)

REPOSITORY = "__repository__"
FINAL = ("SUCCESS", "FAILURE", "CANCELED")
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cells:
    """A rectangle of shop × day cells, both ends included; shops in the order of Dagster's partitions."""

    first_day: date
    last_day: date
    first_shop: str
    last_shop: str

    def tags(self) -> dict[str, str]:
        """The tags by which one run covers the rectangle."""
        start, end = f"{self.first_day}|{self.first_shop}", f"{self.last_day}|{self.last_shop}"
        return {RANGE_START_TAG: start, RANGE_END_TAG: end, MODE_TAG: WINDOW}


@dataclass(frozen=True, slots=True)
class Progress:
    """One thing that happened in a run. `kind` is Dagster's event type, such as `ASSET_MATERIALIZATION`."""

    kind: str
    text: str
    asset: str = ""
    partition: str = ""
    check: str = ""
    passed: bool | None = None
    severity: str = ""

    @property
    def is_news(self) -> bool:
        """Worth a line on a screen: not one of hundreds of cells, and not a check that found nothing."""
        return not self.passed and not (self.kind == "ASSET_MATERIALIZATION" and self.partition)


@dataclass(slots=True)
class RunResult:
    """How a run ended, with the first words of what failed."""

    run_id: str
    job: str
    succeeded: bool = False
    message: str = ""
    materialized: int = 0
    checks_passed: int = 0
    checks_warned: int = 0
    checks_failed: int = 0
    failures: list[str] = field(default_factory=list)

    def count(self, event: Progress) -> None:
        """Add one event to the figures."""
        if event.kind == "ASSET_MATERIALIZATION":
            self.materialized += 1
        elif event.kind in ("STEP_FAILURE", "RUN_FAILURE", "PIPELINE_FAILURE"):
            self.failures.append(event.text)
        elif event.passed is not None:
            self.checks_passed += event.passed
            self.checks_warned += not event.passed and event.severity == "WARN"
            self.checks_failed += not event.passed and event.severity != "WARN"


class DagsterClient:
    """Talks to one web server, such as `http://127.0.0.1:3000`."""

    def __init__(self, url: str, *, timeout_seconds: float = 30.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout_seconds

    def run(
        self,
        job: str,
        *,
        tell: Tell = lambda _: None,
        shops: Sequence[str] = (),
        cells: Cells | None = None,
        tags: Mapping[str, str] | None = None,
        poll_seconds: float = 0.5,
    ) -> RunResult:
        """Launch a job and follow it to its end. Reading jobs run live (watermarks move) unless `cells` are given.

        Raises:
            TransientError: the web server is out of reach.
            ConfigurationError: Dagster refused to launch the job.
        """
        result = RunResult(self.launch(job, shops=shops, cells=cells, tags=tags), job)
        for event in self.follow(result.run_id, poll_seconds=poll_seconds):
            result.count(event)
            if event.is_news:
                tell(event.text)
        result.succeeded = self.status(result.run_id) == "SUCCESS"
        result.message = "" if result.succeeded else "\n".join(result.failures[:3]) or "the run was ended from outside"
        return result

    def launch(
        self,
        job: str,
        *,
        shops: Sequence[str] = (),
        cells: Cells | None = None,
        tags: Mapping[str, str] | None = None,
        config: Mapping[str, object] | None = None,
    ) -> str:
        """Queue a job and return its run id. `shops` narrows a live run to some shops (names or mall ids).

        `config` is the whole run config where the job takes another one.
        """
        live = {MODE_TAG: LIVE} if job in STEP_OF_JOB else {}
        all_tags = {**(cells.tags() if cells else live), **(tags or {})}
        params = {
            "selector": {
                "repositoryName": REPOSITORY,
                "repositoryLocationName": LOCATION_OF_JOB[job],
                "jobName": job,
            },
            "runConfigData": config or _config(job, shops),
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in all_tags.items()]},
        }
        answer = self.ask(LAUNCH, {"params": params})["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise ConfigurationError(f"Dagster did not launch {job}: {_reason(answer)}", remedy=f"see {self.url}")
        return str(answer["run"]["runId"])

    def follow(self, run_id: str, *, poll_seconds: float = 0.5) -> Iterator[Progress]:
        """What happens in a run, as it happens; ends when the run has ended and everything was told."""
        cursor: str | None = None
        while True:
            over = self.status(run_id) in FINAL  # asked before the events: none may be missed
            more = True
            while more:
                page = self.ask(EVENTS, {"run": run_id, "cursor": cursor})["logsForRun"]
                if page["__typename"] != "EventConnection":
                    raise ConfigurationError(f"run {run_id}: {_reason(page)}", remedy=f"see {self.url}/runs")
                yield from filter(None, map(_progress, page["events"]))
                cursor, more = page["cursor"], page["hasMore"]
            if over:
                return
            time.sleep(poll_seconds)

    def status(self, run_id: str) -> str:
        """QUEUED, STARTING, STARTED, SUCCESS, FAILURE, CANCELED …"""
        answer = self.ask(STATUS, {"run": run_id})["runOrError"]
        if answer["__typename"] != "Run":
            raise ConfigurationError(f"run {run_id}: {_reason(answer)}", remedy=f"see {self.url}/runs")
        return str(answer["status"])

    def has_loaded_locations(self) -> bool:
        """Whether jobs of every code location can be launched; one that could not be loaded is loaded again.

        A web server that was slow to reach a code server keeps the failure until somebody asks it to try once more.
        """
        found = self.ask(LOCATIONS, {})["workspaceOrError"]
        if found["__typename"] != "Workspace":
            raise ConfigurationError(f"Dagster does not tell its code locations: {_reason(found)}")
        entries = found["locationEntries"]
        states = {one["name"]: (one["locationOrLoadError"] or {}).get("__typename") for one in entries}
        for name, state in states.items():
            if state == "PythonError":
                self.ask(LOAD_AGAIN, {"location": name})
        return set(states.values()) == {"RepositoryLocation"}

    def cancel_cut_off_runs(self) -> list[str]:
        """Mark as cancelled every run that Dagster believes is under way; returns their job names.

        For the moment before the daemon starts: what was under way then died with the processes of a killed omni, and
        would keep its pool's place for ever. Nothing is lost, the next live run reads on from the watermark.
        """
        found = self.ask(RUNS_UNDER_WAY, {})["runsOrError"]
        if found["__typename"] != "Runs":
            raise ConfigurationError(f"Dagster does not tell its runs: {_reason(found)}", remedy=f"see {self.url}/runs")
        for run in found["results"]:
            answer = self.ask(CANCEL, {"run": run["runId"]})["terminateRun"]
            if answer["__typename"] != "TerminateRunSuccess":
                raise ConfigurationError(f"run {run['runId']}: {_reason(answer)}", remedy=f"see {self.url}/runs")
        return [str(run["jobName"]) for run in found["results"]]

    def ask(
        self, query: str, variables: Mapping[str, object], *, timeout_seconds: float | None = None
    ) -> dict[str, Any]:
        """The data of any GraphQL query, with less patience if said so. Raises TransientError or ConfigurationError."""
        try:
            response = httpx.post(
                f"{self.url}/graphql",
                json={"query": query, "variables": variables},
                timeout=timeout_seconds or self._timeout,
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise TransientError(
                f"Dagster's web server at {self.url} does not answer: {error}", remedy="start it with `omni up`"
            ) from error
        body: dict[str, Any] = response.json()
        if body.get("errors"):
            raise ConfigurationError(f"Dagster did not understand: {body['errors'][0]['message']}")
        return dict(body["data"])


STEP_OF_JOB = {INGEST_ORDERS: SHOP_DAY_STEP, INGEST_PRODUCTS: SHOP_STEP, INGEST_REPORTS: SHOP_STEP}
"""Jobs that read shops, and the step that takes the choice of shops."""


def _config(job: str, shops: Sequence[str]) -> dict[str, object]:
    if not shops:
        return {}
    return {"ops": {STEP_OF_JOB[job]: {"config": {"shops": list(shops)}}}}


def _reason(answer: Mapping[str, Any]) -> str:
    errors = [str(each["message"]) for each in answer.get("errors", [])]
    return "; ".join(errors) or str(answer.get("message") or answer["__typename"])


def _progress(event: Mapping[str, Any]) -> Progress | None:
    """The events that tell a person something; the rest is Dagster talking to itself."""
    kind = str(event.get("eventType") or "")
    asset = "/".join((event.get("assetKey") or {}).get("path", []))
    if event["__typename"] == "MaterializationEvent":
        partition = str(event["partition"] or "")
        return Progress(kind, " ".join(filter(None, [asset, partition, _rows(event)])), asset, partition)
    if event["__typename"] == "AssetCheckEvaluationEvent":
        return _check(kind, event["evaluation"])
    if event["__typename"] in ("ExecutionStepFailureEvent", "RunFailureEvent"):
        return Progress(kind, _failure_text(event))
    told = ("ExecutionStepStartEvent", "ExecutionStepRestartEvent", "RunSuccessEvent", "LogMessageEvent")
    if event["__typename"] in told and (kind or event.get("level") in ("INFO", "WARNING", "ERROR")):
        return Progress(kind, str(event["message"]))
    return None


def _check(kind: str, evaluation: Mapping[str, Any]) -> Progress:
    asset = "/".join(evaluation["assetKey"]["path"])
    verdict = "passed" if evaluation["success"] else f"failed ({evaluation['severity']})"
    return Progress(
        kind,
        f"{asset} {evaluation['checkName']}: {verdict}",
        asset,
        check=str(evaluation["checkName"]),
        passed=bool(evaluation["success"]),
        severity=str(evaluation["severity"]),
    )


def _rows(event: Mapping[str, Any]) -> str:
    labels = {"rows_inserted": "new", "rows_updated": "changed", "rows_loaded": "loaded"}
    found = {each["label"]: each.get("intValue") for each in event["metadataEntries"] if each["label"] in labels}
    return ", ".join(f"{count} {labels[name]}" for name, count in found.items() if count)


def _failure_text(event: Mapping[str, Any]) -> str:
    """The innermost words: Dagster wraps the step's own failure in sentences of its own."""
    metadata = event.get("failureMetadata") or {}
    error = event.get("error") or {}
    causes = [each["message"] for each in error.get("causes", [])]
    return str(metadata.get("description") or (causes[-1] if causes else error.get("message")) or event["message"])
