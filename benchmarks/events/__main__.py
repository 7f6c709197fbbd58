"""`python -m benchmarks.events --data-dir .omni --events 20`: how long an event takes into the marts of a running demo.

Needs an `omni demo` at work in that folder. Moves the gateway's clock on, step by step, and follows each event that it
then pushes: taken by the door, run queued, run started, order landed, order shown by a build of the marts that began
thereafter. --during-build starts a whole build before each step. Our aim: a minute, for the slowest one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import httpx
import psycopg

from connectors.postgres.server import ensure_database
from connectors.settings import Settings
from orchestration.ingest.webhook_inbox import waiting_files
from orchestration.launch import DagsterClient
from orchestration.names import BUILD_MARTS

AIM_SECONDS = 60.0
PATIENCE_SECONDS = 600.0
QUIET_SECONDS = 20.0
"""A step after which the gateway has pushed nothing for so long brought nothing."""
POLL_SECONDS = 0.3
STAGES = (
    "door → run queued",
    "queued → started",
    "started → order landed",
    "landed → in the marts",
    "door → in the marts",
)

EVENTS = """
    select event_id, parent_order_sn, run_id, received_at, processed_at from ops.webhook_events
    where received_at >= %s and processed_at is not null and parent_order_sn is not null
"""
SHOWN_AS_OF = """
    select parent_order_sn, max(_refreshed_at) from marts.fct_order_lines_costed where parent_order_sn = any(%s)
    group by 1
"""
RUNS = """
query Runs($filter: RunsFilter!) {
  runsOrError(filter: $filter) { ... on Runs { results { runId creationTime startTime endTime } } }
}"""


@dataclass(frozen=True)
class Event:
    """One event on its way; instants are epoch seconds."""

    order: str
    run: str
    received: float
    landed: float


@dataclass
class House:
    """The running demo."""

    inbox: Path
    gateway: httpx.Client
    dagster: DagsterClient
    database: psycopg.Connection

    @classmethod
    def of(cls, data_dir: Path) -> House:
        """Joins the demo that runs in this folder."""
        addresses = json.loads((data_dir / "run" / "ready.json").read_text())
        gateway = json.loads((data_dir / "sandbox" / "gateway.json").read_text())["url"]
        settings = Settings(_env_file=None, data_dir=data_dir, database_url=None)
        connection = psycopg.connect(ensure_database(settings), autocommit=True)
        client = httpx.Client(base_url=gateway, timeout=120)
        return cls(settings.webhook_inbox, client, DagsterClient(addresses["dagster"]), connection)

    def events_since(self, instant: datetime) -> dict[str, Event]:
        """Events whose orders have landed, by their id."""
        rows = self.database.execute(EVENTS, [instant]).fetchall()
        return {row[0]: Event(row[1], row[2], row[3].timestamp(), row[4].timestamp()) for row in rows}

    def not_yet_shown(self, events: Mapping[str, Event]) -> set[str]:
        """Events whose order the marts do not show as of a build that began after it had landed."""
        orders = sorted({event.order for event in events.values()})
        shown = {row[0]: row[1].timestamp() for row in self.database.execute(SHOWN_AS_OF, [orders])}
        return {name for name, event in events.items() if shown.get(event.order, 0.0) <= event.landed}

    def told(self) -> int:
        """How many events the gateway has pushed so far."""
        return int(self.gateway.get("/sandbox/webhooks/subscription").json()["counts"].get("events", 0))

    def on_their_way(self) -> bool:
        """Whether a delivery waits for its turn or its next try."""
        return bool(self.gateway.get("/sandbox/webhooks/subscription").json()["waiting"])

    def run_times(self, runs: set[str]) -> dict[str, tuple[float, float]]:
        """When each run was queued and started."""
        found = self.dagster.ask(RUNS, {"filter": {"runIds": sorted(runs)}})["runsOrError"]["results"]
        return {row["runId"]: (row["creationTime"], row["startTime"]) for row in found}

    def start_whole_build(self) -> None:
        """Returns once the build is at work."""
        run = self.dagster.launch(BUILD_MARTS)
        while self.dagster.status(run) in ("QUEUED", "NOT_STARTED", "STARTING"):
            time.sleep(POLL_SECONDS)

    def wait_for_rest(self) -> None:
        """Until no build is at work, so that the next step meets the house as the last one did."""
        wanted = {"pipelineName": BUILD_MARTS, "statuses": ["QUEUED", "NOT_STARTED", "STARTING", "STARTED"]}
        while self.dagster.ask(RUNS, {"filter": wanted})["runsOrError"]["results"]:
            time.sleep(1)


def main() -> int:
    """Play, print, and give 1 if the aim is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.events", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=Settings().data_dir, help="the folder of the running demo")
    parser.add_argument("--events", type=int, default=20, help="at least so many")
    parser.add_argument("--minutes", type=float, default=120, help="how far the gateway's clock moves in a step")
    parser.add_argument("--during-build", action="store_true", help="a whole build is at work in each step")
    options = parser.parse_args()
    house, rows = House.of(options.data_dir), []
    while len(rows) < options.events:
        house.wait_for_rest()
        if options.during_build:
            house.start_whole_build()
        step = list(play(house, options.minutes))
        rows += step
        print(f"{len(step)} events, {len(rows)} in all", flush=True)
    return report(rows)


def play(house: House, minutes: float) -> Iterator[tuple[float, ...]]:
    """One step of the clock; for each of its events the seconds of every stage."""
    begin, shown, told = datetime.now(UTC), dict[str, float](), house.told()
    house.gateway.post("/sandbox/clock/advance", json={"seconds": minutes * 60}).raise_for_status()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while house.told() == told:
        if time.monotonic() > deadline - PATIENCE_SECONDS + QUIET_SECONDS:
            return
        time.sleep(POLL_SECONDS)
    while True:
        waiting, events = waiting_files(house.inbox), house.events_since(begin)
        missing, now = house.not_yet_shown(events), time.time()
        for name in events.keys() - missing:
            shown.setdefault(name, now)
        if not missing and not waiting and not house.on_their_way():
            break
        if time.monotonic() > deadline:
            raise SystemExit(f"not in the marts within {PATIENCE_SECONDS:.0f} s: {missing}, files: {len(waiting)}")
        time.sleep(POLL_SECONDS)
    times = house.run_times({event.run for event in events.values()})
    for name, event in events.items():
        queued, started = times[event.run]
        at = (event.received, queued, started, event.landed, shown[name])
        yield (*(later - earlier for earlier, later in pairwise(at)), at[-1] - at[0])


def report(rows: list[tuple[float, ...]]) -> int:
    """A line per stage, then the verdict."""
    print(f"{'seconds':26}{'p50':>8}{'max':>8}")
    for stage, seconds in zip(STAGES, zip(*rows, strict=True), strict=True):
        print(f"{stage:26}{statistics.median(seconds):8.1f}{max(seconds):8.1f}")
    slowest = max(row[-1] for row in rows)
    print(f"slowest {slowest:.1f} s  aim {AIM_SECONDS:.0f} s  {'reached' if slowest < AIM_SECONDS else 'MISSED'}")
    return 0 if slowest < AIM_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
