"""`python -m benchmarks.marts --lines 3600000`: builds, increments and charts of a large company, as ratios.

Needs room for about 4 GB per million lines and, for the charts, the BI environment. --folder keeps the world for the
next call; without it a temporary one is removed at the end. OMNI_DATABASE_URL is not used: nothing real is touched.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks.marts import builds, charts, legacy
from benchmarks.marts.world import add_day, edit_cost, fill, forget_news, last_day_of, shops_of
from connectors.postgres.migrate import migrate
from connectors.postgres.server import ensure_database, stop_embedded
from connectors.postgres.urls import bi_reader_url
from connectors.settings import Settings


def main() -> int:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(prog="benchmarks.marts", description=__doc__)
    parser.add_argument("--lines", type=int, default=3_600_000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--folder", type=Path, help="keep the world here")
    parser.add_argument("--without-charts", action="store_true")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="omni-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        settings = Settings(_env_file=None, data_dir=folder / "data")
        url = ensure_database(settings)
        stack.callback(stop_embedded, settings)
        migrate(url, settings)
        _world(url, options.lines)
        _builds(settings, url, folder / "dbt", options.lines)
        if not options.without_charts:
            _charts(settings, url, options.clients, options.seconds)
        _legacy(url)
    return 0


def _world(url: str, lines: int) -> None:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from raw_temu.orders").fetchone()
    if row and abs(row[0] - lines // 2) <= lines // 50:
        forget_news(url, parents=lines // 2)
        print(f"the world of {lines // 2:,} parent orders is kept", flush=True)
    else:
        fill(url, lines=lines, tell=lambda text: print(text, flush=True))
    _show_sizes(url, "raw_temu")


def _builds(settings: Settings, url: str, folder: Path, lines: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for schema in ("staging", "intermediate", "marts"):
            connection.execute(f"drop schema if exists {schema} cascade")  # type: ignore[call-overload]
    migrate(url, settings)  # the schemas again, with what their readers may see
    bare, bare_cpu = builds.bare_statement(url)
    print(f"{'bare statement':24} {bare:8.1f} s  {bare_cpu:8.1f} server CPU s")
    whole = _show_build("full build", builds.build(url, folder))
    print(f"{'full build / bare':24} {whole.seconds / bare:8.2f}")
    print(f"{'order lines / bare':24} {whole.line_chain / bare:8.2f}")
    again = _show_build("nothing new", builds.build(url, folder))
    add_day(url, parents=lines // 2, shops=shops_of(lines))
    day = _show_build("one more day", builds.build(url, folder))
    edit_cost(url)
    edit = _show_build("one cost edited", builds.build(url, folder))
    for name, one in (("nothing new", again), ("one more day", day), ("one cost edited", edit)):
        print(f"{name + ' / full':24} {one.seconds / whole.seconds:8.2f}")
    _show_sizes(url, "intermediate")
    _show_sizes(url, "marts")


def _show_build(name: str, build: builds.Build) -> builds.Build:
    print(f"{name:24} {build.seconds:8.1f} s  {build.server_cpu:8.1f} server CPU s  ", end="")
    print(", ".join(f"{model} {taken:.1f}" for model, taken in build.slowest[:6]), flush=True)
    return build


def _charts(settings: Settings, url: str, clients: int, seconds: float) -> None:
    queries = charts.collect(settings, url)
    reader = bi_reader_url(url, settings)
    alone = charts.ask_alone(reader, queries)
    together = charts.ask_together(reader, queries, clients=clients, seconds=seconds)
    _show_times("alone", alone)
    _show_times(f"{clients} clients, {charts.cores()} cores", together)
    for chart, times in sorted(together.items(), key=lambda item: -charts.p95(item[1]))[:15]:
        print(f"  {charts.p95(times):9.0f} ms  alone {statistics.median(alone[chart]):7.0f} ms  {chart}")


def _show_times(name: str, taken: Mapping[str, Sequence[float]]) -> None:
    every = [milliseconds for times in taken.values() for milliseconds in times]
    slow = sum(charts.p95(times) >= 100 for times in taken.values())
    print(
        f"{len(taken)} charts and filters, {name}: p50 {statistics.median(every):.0f} ms,"
        f" p95 {charts.p95(every):.0f} ms, {slow} with a p95 of 100 ms and more",
        flush=True,
    )


def _legacy(url: str) -> None:
    last_day = last_day_of(url)
    orm, gmv = legacy.statistics_of_30_days(url, last_day)
    per_day = legacy.a_query_per_day_and_shop(url, last_day)
    print(f"{'legacy, ORM objects':24} {orm:8.2f} s for 30 days, GMV {gmv:,.2f}")
    print(f"{'legacy, query per day':24} {per_day:8.2f} s for 30 days, each day and shop by itself")


def _show_sizes(url: str, schema: str) -> None:
    query = """
        select sum(pg_total_relation_size(oid))::float8
        from pg_class where relnamespace = %s::regnamespace and relkind = 'r'
    """
    with psycopg.connect(url) as connection:
        row = connection.execute(query, [schema]).fetchone()
    print(f"{schema + ' on disk':24} {(row[0] or 0) / 1e9 if row else 0:8.2f} GB", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
