"""Building the marts of a world, timed: whole, after one more day, after one changed cost; and the bare statement.

Belongs here: running dbt as production runs it, and what it cost in seconds and in seconds of the server's processors.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from connectors.settings import PROJECT_ROOT

PROJECT = PROJECT_ROOT / "dbt_project"
BASELINE = Path(__file__).with_name("baseline.sql").read_text(encoding="utf-8")
LINE_CHAIN = ("base_temu__order", "int_orders__typed", "int_order_lines__", "fct_order_lines_costed")
"""Models that turn raw orders into costed lines, which is what the bare statement does."""


@dataclass(frozen=True)
class Build:
    """One run of dbt: wall seconds, CPU seconds of the server, wall seconds of the models that cost order lines."""

    seconds: float
    server_cpu: float
    line_chain: float
    slowest: list[tuple[str, float]]


def build(url: str, folder: Path) -> Build:
    """All models, seeds and snapshots; the tests of the models are not part of it."""
    before, started = server_cpu(url), time.monotonic()
    _dbt(url, folder)
    seconds, cpu = time.monotonic() - started, server_cpu(url) - before
    nodes = {node["unique_id"].split(".")[-1]: node["execution_time"] for node in _results(folder)}
    chain = sum(taken for name, taken in nodes.items() if name.startswith(LINE_CHAIN))
    return Build(seconds, cpu, chain, sorted(nodes.items(), key=lambda node: -node[1])[:8])


def bare_statement(url: str) -> tuple[float, float]:
    """Wall and server CPU seconds of raw orders to costed lines in one statement."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop table if exists bench_baseline")
        connection.execute("set work_mem = '64MB'")
        before, started = server_cpu(url), time.monotonic()
        connection.execute(BASELINE)  # type: ignore[call-overload]
        seconds = time.monotonic() - started
        connection.execute("drop table bench_baseline")
    return seconds, server_cpu(url) - before


def server_cpu(url: str) -> float:
    """CPU seconds of the server behind this URL, ended backends included; other servers of the machine do not count."""
    with psycopg.connect(url) as connection:
        server = psutil.Process(connection.info.backend_pid).parent()
        assert server is not None
        ended = server.cpu_times()
        total = float(ended.children_user + ended.children_system)
        for process in (server, *server.children()):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
    return total


def _dbt(url: str, folder: Path) -> None:
    places = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", folder, "--log-path", folder]
    dbt = Path(sys.executable).with_name("dbt")
    subprocess.run(
        [str(one) for one in (dbt, "--quiet", "build", "--exclude-resource-type", "test", "unit_test", *places)],
        env=os.environ | {"OMNI_DATABASE_URL": url},
        check=True,
    )


def _results(folder: Path) -> list[dict[str, float]]:
    results: list[dict[str, float]] = json.loads((folder / "run_results.json").read_text())["results"]
    return results
