"""`python -m benchmarks.storm --days 60`: every fault of the sandbox at once, and the proof that nothing was lost.

Simulated time: each day two live readings, a nightly re-read, a recount, events pushed to the door; a release that
cannot read some orders and is mended; tokens that end. At the end everything is built and the whole ledger judged.
Waits are milliseconds. Ends with 1 if anything is lost, doubled or unexplained, or if a fault in force never struck.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import stamina
import structlog
from pydantic import SecretStr

from benchmarks.ground import own_ground
from benchmarks.storm.build import build
from benchmarks.storm.events import open_door
from benchmarks.storm.proof import differences, rows_of
from benchmarks.storm.stage import HISTORY_DAYS, Stage, open_stage, register
from benchmarks.storm.weeks import Figures, Operator
from connectors.postgres.migrate import migrate
from connectors.postgres.urls import with_database
from connectors.sandbox.scenario import SIXTY_DAYS, Scenario
from connectors.settings import Settings
from connectors.sync import sync_shops
from connectors.temu import bill_files
from orchestration.ingest.webhook_inbox import waiting_files


@dataclass(frozen=True)
class Outcome:
    """What a storm showed; `wrong` is empty if nothing was lost, doubled or unexplained.

    `untried` are kinds of fault that were in force and never struck: of them it proves nothing.
    """

    figures: Figures
    faults: Counter[str]
    tables: dict[str, int]
    wrong: list[str]
    untried: list[str]
    seconds: float

    def __str__(self) -> str:
        parts = {
            "done": self.figures.counts,
            "faults met": self.faults,
            "readings that failed": self.figures.failures,
            "rows": self.tables,
        }
        told = [f"{name}: " + ", ".join(f"{k} {v:,}" for k, v in sorted(some.items())) for name, some in parts.items()]
        verdict = "nothing lost, doubled or unexplained" if not self.wrong else f"{len(self.wrong)} DIFFERENCES"
        verdict += f"; IN VAIN: {', '.join(self.untried)}" if self.untried else ""
        return "\n".join([*told, *self.wrong[:50], f"{verdict} after {self.seconds:.0f} s"])


def main() -> int:
    """Weather the storm, print, and give 1 if anything is wrong or was not tried."""
    parser = argparse.ArgumentParser(prog="benchmarks.storm", description=__doc__)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--orders-per-day", type=float, default=3.0, help="per shop")
    parser.add_argument("--shops", type=int, default=2)
    parser.add_argument("--scenario", type=Path, default=SIXTY_DAYS)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with own_ground() as ground:
        outcome = weather(
            _database(ground.url, ground.settings, "stormy"), _database(ground.url, ground.settings, "calm"),
            ground.settings.data_dir, scenario=options.scenario, days=options.days,
            orders_per_day=options.orders_per_day, shops=options.shops, folder=ground.folder,
            on_day=lambda day: print(f"day {day} of {options.days} is over", file=sys.stderr, flush=True),
        )  # fmt: skip
    print(outcome)
    return 1 if outcome.wrong or outcome.untried else 0


def weather(
    stormy: str,
    calm: str,
    data_dir: Path,
    *,
    scenario: Path,
    days: int,
    orders_per_day: float,
    shops: int,
    folder: Path,
    on_day: Callable[[int], None] = lambda _day: None,
) -> Outcome:
    """Live through `days` in one migrated database, read the same gateway once into the other, and compare."""
    started = time.monotonic()
    settings = _settings(stormy, data_dir, days)
    with open_stage(folder, orders_per_day) as stage, _counting_retries() as retries, _short_waits():
        registered = register(stage, stormy, settings, shops)
        first = stage.now.date() - timedelta(days=HISTORY_DAYS)
        stage.sandbox.play(Scenario.of(scenario))
        with open_door(settings, stormy) as door:
            operator = Operator(stage, door, stormy, settings, registered)
            operator.live_through(days, on_day)
        faults = _faults_met(stage)
        _calm_down(stage, operator)
        _read_once(stage, calm, data_dir, days, shops)
        last = stage.now.date() - timedelta(days=1)
        wrong = build(stormy, folder / "dbt", last)
        wrong += differences(stage, stormy, calm, settings, operator.shops, (first, last))
    figures = operator.figures
    figures.counts |= Counter(_sums(stormy)) | retries
    wrong += _of_events(figures, settings)
    untried = [kind for kind, hits in sorted(faults.items()) if not hits]
    return Outcome(figures, faults, _sizes(stormy), wrong, untried, time.monotonic() - started)


def _faults_met(stage: Stage) -> Counter[str]:
    """How often each kind struck that was in force so far."""
    faults = Counter[str]()
    for fault in stage.sandbox.faults.faults:
        if (fault.since or 0) < stage.sandbox.now():
            faults[fault.kind] += fault.hits
    return faults


def _of_events(figures: Figures, settings: Settings) -> list[str]:
    """The door takes what is true, and nothing else; what it took has been dealt with."""
    taken, refused = figures.counts["forged events taken"], figures.counts["true events refused"]
    waiting = len(waiting_files(settings.webhook_inbox))
    told = {"forged events were taken": taken, "true events were refused": refused, "events still wait": waiting}
    return [f"{count} {what}" for what, count in told.items() if count]


def _calm_down(stage: Stage, operator: Operator) -> None:
    """Two more mornings without any fault: what is late has come by then, and the days are closed."""
    stage.sandbox.faults.replace([])
    for hours in (6, 24):
        stage.advance(timedelta(hours=hours))
        operator.read()
        operator.night(yesterday=stage.now.date() - timedelta(days=1))
        operator.mend_letters()
        operator.empty_inbox()
    stage.advance(timedelta(seconds=operator.settings.settle_seconds + 1))
    operator.read()


def _read_once(stage: Stage, url: str, data_dir: Path, days: int, shops: int) -> None:
    settings = _settings(url, data_dir, days)
    register(stage, url, settings, shops)
    sync_shops(
        url, settings=settings, shops=None, streams=None, window=None, run_id="calm", on_event=lambda _event: None
    )


def _settings(url: str, data_dir: Path, days: int) -> Settings:
    """An installation's own, but for waits of milliseconds and a history that reaches back before the storm."""
    return Settings(
        _env_file=None, data_dir=data_dir, database_url=SecretStr(url), history_days=days + 10, retry_seconds=0.001,
        request_timeout_seconds=1.0, settle_seconds=1,
    )  # fmt: skip


def _database(url: str, settings: Settings, name: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    migrate(with_database(url, name), settings)
    return with_database(url, name)


def _sums(url: str) -> dict[str, int]:
    [(calls, letters, resolved, late)] = rows_of(
        url,
        "select (select sum(calls)::int from ops.sync_tasks), (select count(*)::int from ops.dead_letters),"
        " (select count(*)::int from ops.dead_letters where resolved_at is not null),"
        " (select coalesce(sum(arrived), 0)::int from ops.lateness where late_seconds > 0 and stream = 'orders')",
    )
    return {"calls": calls, "dead letters": letters, "dead letters resolved": resolved, "late orders": late}


def _sizes(url: str) -> dict[str, int]:
    tables = rows_of(url, "select tablename from pg_tables where schemaname = 'raw_temu' order by 1")
    sizes = {name: rows_of(url, f"select count(*) from raw_temu.{name}")[0][0] for (name,) in tables}
    return {name: rows for name, rows in sizes.items() if rows}


@contextmanager
def _short_waits() -> Iterator[None]:
    """For statement files, which the sandbox has ready at the second look."""
    usual = bill_files.WAITS
    bill_files.WAITS = tuple(0.001 for _ in usual)
    try:
        yield
    finally:
        bill_files.WAITS = usual


@contextmanager
def _counting_retries() -> Iterator[Counter[str]]:
    """How often calls were repeated by the client itself, meanwhile."""
    counted = Counter[str]()

    def count(_details: stamina.instrumentation.RetryDetails) -> None:
        counted["retries"] += 1

    stamina.instrumentation.set_on_retry_hooks([count])
    try:
        yield counted
    finally:
        stamina.instrumentation.set_on_retry_hooks(None)


if __name__ == "__main__":
    sys.exit(main())
