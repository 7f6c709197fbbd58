"""Readers at the same time: how long dashboards take, by page and by chart, from the database and from kept answers.

`uv run --group bench python -m benchmarks.bi --url http://localhost:8088 --user admin` plays against any running
installation and prints one table; the password is asked for, or comes from OMNI_BI_USER_PASSWORD. Each run is made
twice with the same questions: cold (every answer from the database), then warm (kept answers are taken).
"""

from __future__ import annotations

import argparse
import getpass
import itertools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import gevent
import psutil
from locust.env import Environment
from locust.stats import StatsEntry

from benchmarks.bi.readers import UNSEEN, Play, Reader, look_around
from orchestration.cli.console import out, table

STARTS_PER_SECOND = 2.0  # people do not log in in one instant, and the server refuses more than five a second
PASSWORD_VARIABLE = "OMNI_BI_USER_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True)
class Run:
    """What one run showed: (kind, name) → its times; `memory_mb` is NULL where Superset is elsewhere."""

    users: int
    cold: bool
    entries: dict[tuple[str, str], StatsEntry]
    errors: list[str]
    memory_mb: float | None

    @property
    def title(self) -> str:
        """How the table calls it."""
        return f"{self.users} {'cold' if self.cold else 'warm'}"


def main() -> int:
    """Play, print, and give 1 if a request failed."""
    options = _options()
    password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass(f"Password of {options.user}: ")
    url = options.url.rstrip("/")
    slugs, shops = look_around(url, options.user, password)
    first = Play(options.user, password, options.dashboards or slugs, shops, options.visits, cold=True)
    runs = [
        run(url, users, replace(first, cold=cold), superset_memory(url))
        for users in options.users
        for cold in (True, False)
    ]
    show(runs)
    return 1 if any(one.errors for one in runs) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.bi", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", required=True, help="address of Superset")
    parser.add_argument("--user", default="admin", help="who reads (default: admin)")
    parser.add_argument("--users", type=int, nargs="+", default=[20, 100], help="readers at the same time (20 100)")
    parser.add_argument("--visits", type=int, default=3, help="dashboards that each of them opens (3)")
    parser.add_argument("--dashboards", nargs="+", help="names in the address, such as gmv; default: all")
    return parser.parse_args()


def run(url: str, users: int, play: Play, memory: Callable[[], float | None]) -> Run:
    """Let so many readers make their visits; ends when the last one is through."""
    kind = type("BenchReader", (Reader,), {"play": play, "numbers": itertools.count(), "host": url})
    environment = Environment(user_classes=[kind])
    runner = environment.create_local_runner()
    out.print(f"{users} readers, {'cold' if play.cold else 'warm'} …", markup=False)
    runner.start(users, spawn_rate=STARTS_PER_SECOND)
    highest = memory()
    runner.spawning_greenlet.join()
    while runner.user_count:
        highest = max(filter(None, (highest, memory())), default=None)
        gevent.sleep(1)
    runner.quit()
    errors = [f"{one.occurrences} × {one.name}: {one.error}" for one in environment.stats.errors.values()]
    return Run(users, play.cold, _by_name(environment), errors, highest)


def _by_name(environment: Environment) -> dict[tuple[str, str], StatsEntry]:
    """Times of logins, pages and charts; (kind, name) with the charts under "chart"."""
    found = {}
    for (name, method), entry in environment.stats.entries.items():
        if name != UNSEEN and method != "GET":
            found["chart" if method == "POST" else method.lower(), name] = entry
    return found


def superset_memory(url: str) -> Callable[[], float | None]:
    """Asks for the resident memory, in MB, of what listens at `url` with its workers; NULL when that is not here."""
    port = urlsplit(url).port
    local = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    pids = {one.pid for one in psutil.net_connections("tcp") if local and one.laddr and one.laddr.port == port}
    listening = [psutil.Process(pid) for pid in pids if pid and pid != os.getpid()]

    def measure() -> float | None:
        family = {one for parent in listening for one in (parent, *parent.children(recursive=True))}
        return sum(one.memory_info().rss for one in family) / 1e6 if family else None

    return measure


def show(runs: list[Run]) -> None:
    """One table: memory and errors first, then logins and pages, then charts, the slowest first."""
    head = ("", *(f"{one.title} {part}" for one in runs for part in ("p50 ms", "p95 ms")))
    names = {key for one in runs for key in one.entries}
    slowest = sorted(names, key=lambda key: (_ORDER[key[0]], -max(_times(one, key)[1] or 0 for one in runs)))
    rows: list[tuple[object, ...]] = [
        ("Superset, memory in MB", *_in_pairs(runs, lambda one: one.memory_mb)),
        ("errors", *_in_pairs(runs, lambda one: len(one.errors))),
        *((f"{kind} {name}", *(time for one in runs for time in _times(one, (kind, name)))) for kind, name in slowest),
    ]
    table("Dashboards by number of readers: from the database (cold), from kept answers (warm)", head, rows)
    for one in runs:
        for error in one.errors:
            out.print(f"{one.title}: {error}", markup=False)


_ORDER = {"login": 0, "page": 1, "chart": 2}


def _in_pairs(runs: list[Run], value: Callable[[Run], float | None]) -> list[object]:
    return [cell for one in runs for cell in (value(one), None)]


def _times(one: Run, key: tuple[str, str]) -> tuple[int | None, int | None]:
    entry = one.entries.get(key)
    if entry is None:
        return None, None
    return int(entry.get_response_time_percentile(0.5)), int(entry.get_response_time_percentile(0.95))


if __name__ == "__main__":
    sys.exit(main())
