"""The queries of every page as it opens, of its charts and of its filters, asked for alone and by many at once.

Belongs here: collecting the SQL that Superset sends for each, and asking it again as bi_reader does.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import psycopg

from connectors.settings import Settings
from orchestration.cli.bi import install_bi, provision_bi
from orchestration.cli.environment import SUPERSET_DIR, superset_environment
from orchestration.cli.services import superset_python


def collect(settings: Settings, url: str) -> dict[str, list[str]]:
    """The statements behind each chart and filter, by "dashboard / chart …", from a Superset provisioned on `url`.

    RuntimeError when one could not be asked: nothing is as fast as a question that nobody asks.
    """
    install_bi()
    provision_bi(settings, url, lambda _line: None)
    environment = superset_environment(settings, url)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queries.json"
        command = [str(superset_python()), str(SUPERSET_DIR / "verify.py"), "--queries", str(path)]
        subprocess.run(command, env=environment, cwd=SUPERSET_DIR, stdout=subprocess.DEVNULL, check=False)
        found: dict[str, list[str]] = json.loads(path.read_text())
    if unasked := [chart for chart, statements in found.items() if not any(statements)]:
        raise RuntimeError(
            f"{len(unasked)} of {len(found)} charts and filters gave no query, the first is {unasked[0]}"
        )
    return found


def ask_alone(url: str, queries: Mapping[str, Sequence[str]], rounds: int = 3) -> dict[str, list[float]]:
    """Milliseconds of each chart's statements, asked for one after another; the first round warms up."""
    taken: dict[str, list[float]] = {chart: [] for chart in queries}
    with psycopg.connect(url, autocommit=True) as connection:
        for turn in range(rounds + 1):
            for chart, statements in queries.items():
                milliseconds = _ask(connection, statements)
                if turn:
                    taken[chart].append(milliseconds)
    return taken


def ask_together(
    url: str, queries: Mapping[str, Sequence[str]], *, clients: int, seconds: float
) -> dict[str, list[float]]:
    """The same from `clients` connections at once, each in an order of its own, for `seconds`."""
    taken: dict[str, list[float]] = {chart: [] for chart in queries}
    deadline = time.monotonic() + seconds

    def client(seed: int) -> None:
        charts = list(queries)
        Random(seed).shuffle(charts)  # noqa: S311 - an order, not a secret
        with psycopg.connect(url, autocommit=True) as connection:
            while time.monotonic() < deadline:
                for chart in charts:
                    taken[chart].append(_ask(connection, queries[chart]))
                    if time.monotonic() >= deadline:
                        return

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {chart: times for chart, times in taken.items() if times}


def p95(times: Sequence[float]) -> float:
    """The 95th percentile; of fewer than twenty times the greatest."""
    return statistics.quantiles(times, n=20)[-1] if len(times) >= 20 else max(times)


def _ask(connection: psycopg.Connection, statements: Sequence[str]) -> float:
    started = time.monotonic()
    for statement in statements:
        connection.execute(statement).fetchall()  # type: ignore[call-overload]
    return (time.monotonic() - started) * 1000


def cores() -> int:
    """Processors that clients and server share."""
    return os.cpu_count() or 1
