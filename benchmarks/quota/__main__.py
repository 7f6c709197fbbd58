"""`python -m benchmarks.quota --seconds 20 --rate 100 --backfills 2`: how much of an app key's quota is used, by whom.

Processes of all four lanes compete through the real quota in Postgres for calls to the real sandbox gateway, which
refuses what comes too fast. Two backfill processes call without a pause; news, ship-by watch and reconciliation come in
bursts. Shown: calls per second against the quota, how long each lane waits for a slot and for its answer, and how
evenly the shops of the backfills were served. Exits with 1 if an aim is missed: the share of the quota that is used,
nobody refused, and news that do not wait for backfills.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import msgspec
import psycopg

from benchmarks.ground import own_gateway, own_ground
from benchmarks.quota.caller import Login, Part, Played
from connectors.postgres.lanes import Lane
from connectors.postgres.quota import set_calls_per_second

AIM_USED = 0.95
AIM_LIVE_WAIT = 1.0
"""Seconds (p99) that a live call waits for its slot, its own burst included, while backfills never pause."""
SECONDS_TO_START = 0.5
BURSTS = {Lane.LIVE: (8, 2.0), Lane.SHIP_BY: (10, 5.0), Lane.RECONCILE: (20, 5.0)}
"""Calls per shop at a time, and every how many seconds; backfills never pause."""


@dataclass(frozen=True)
class Result:
    """What one competition showed."""

    seconds: float
    rate: float
    lanes: dict[Lane, list[Played]]

    @property
    def calls(self) -> int:
        """Calls of everybody."""
        return sum(sum(one.calls.values()) for some in self.lanes.values() for one in some)

    @property
    def used(self) -> float:
        """Share of the quota that was used."""
        return self.calls / (self.seconds * self.rate)

    @property
    def refused(self) -> int:
        """Calls that the gateway did not answer well, such as "too frequent"."""
        codes = [one.codes for some in self.lanes.values() for one in some]
        return sum(count for each in codes for code, count in each.items() if code != "1000000")

    def shares(self, lane: Lane) -> list[int]:
        """Calls of each shop of a lane."""
        return [count for one in self.lanes[lane] for count in one.calls.values()]

    def waits(self, lane: Lane) -> list[float]:
        """Seconds until each call of a lane had its slot."""
        return [wait for one in self.lanes[lane] for wait in one.waits]


def main() -> int:
    """Play, print, and give 1 if an aim is missed."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.quota", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=int, default=100, help="calls per second of the app key")
    parser.add_argument("--backfills", type=int, default=2, help="processes that backfill, two shops each")
    options = parser.parse_args()
    with open_stage(options.rate) as (url, logins):
        result = compete(url, logins, seconds=options.seconds, rate=options.rate, backfills=options.backfills)
    report(result)
    return verdict(result)


def compete(url: str, logins: Sequence[Login], *, seconds: float, rate: int, backfills: int) -> Result:
    """One process per lane, and `backfills` of the lowest, at the same time."""
    shops = dict(enumerate(logins, 1))
    parts = [Part(lane, shops, url, seconds, *BURSTS[lane]) for lane in BURSTS]
    for number in range(backfills):
        own = {10 * (number + 1) + shop: login for shop, login in shops.items()}
        parts.append(Part(Lane.BACKFILL, own, url, seconds))
    lanes: dict[Lane, list[Played]] = {lane: [] for lane in Lane}
    for played in _played(parts):
        lanes[played.lane].append(played)
    return Result(seconds, rate, lanes)


def report(result: Result) -> None:
    """The table."""
    print(
        f"{'lane':10} {'calls':>6} {'calls/s':>8} {'wait p50':>9} {'p99':>7} {'answer p50':>11} {'p99':>7}  (seconds)"
    )
    for lane, some in result.lanes.items():
        waits, answers = result.waits(lane), [a for one in some for a in one.answers]
        calls = sum(result.shares(lane))
        print(
            f"{lane.value:10} {calls:6} {calls / result.seconds:8.1f} {_quantile(waits, 50):9.3f} "
            f"{_quantile(waits, 99):7.3f} {_quantile(answers, 50):11.3f} {_quantile(answers, 99):7.3f}"
        )
    print(
        f"quota: {result.calls} calls in {result.seconds:g} s of {result.rate:g}/s = {result.used:.1%} used, ", end=""
    )
    print(f"{result.refused} refused by the gateway")
    shares = result.shares(Lane.BACKFILL)
    print(
        f"backfilled shops: {', '.join(map(str, shares))} calls; the least got {min(shares) / max(shares):.0%} ", end=""
    )
    print("of the most")


def verdict(result: Result) -> int:
    """A line per aim; 1 if one is missed."""
    live = _quantile(result.waits(Lane.LIVE), 99)
    aims = {
        f"used {result.used:.1%}, aim {AIM_USED:.0%}": result.used >= AIM_USED,
        f"{result.refused} refused, aim 0": result.refused == 0,
        f"live waits {live:.2f} s (p99), aim {AIM_LIVE_WAIT:g} s": live <= AIM_LIVE_WAIT,
    }
    for words, is_reached in aims.items():
        print(f"{words}  {'reached' if is_reached else 'MISSED'}")
    return 0 if all(aims.values()) else 1


def _quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else float("nan")


def _played(parts: Sequence[Part]) -> Iterator[Played]:
    commands = [[sys.executable, "-m", "benchmarks.quota.caller", msgspec.json.encode(part).decode()] for part in parts]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for command in commands]
    try:
        assert [process.stdout and process.stdout.readline() for process in processes] == ["ready\n"] * len(parts)
        starts = time.time() + SECONDS_TO_START
        for process in processes:
            assert process.stdin
            process.stdin.write(f"{starts}\n")
            process.stdin.flush()
        for process in processes:
            said, _ = process.communicate()
            assert process.returncode == 0, "a process of the competition failed"
            yield msgspec.json.decode(said, type=Played)
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextmanager
def open_stage(rate: int) -> Iterator[tuple[str, list[Login]]]:
    """A Postgres and a gateway of this run only; the database's URL, and the shops that share an app key."""
    options = ("--days", 2, "--orders-per-day", 2, "--quota", rate)
    with own_ground() as ground, own_gateway(ground.folder, *options) as gateway:
        rows = [row for row in httpx.get(f"{gateway}/sandbox/shops").json() if row["gateway"] == "US"]
        with psycopg.connect(ground.url) as connection:
            set_calls_per_second(connection, rows[0]["app_key"], rate)
        yield ground.url, [msgspec.convert(row, Login) for row in rows]


if __name__ == "__main__":
    sys.exit(main())
