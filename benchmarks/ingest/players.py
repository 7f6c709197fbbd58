"""The ways of loading that are compared; each runs in a process of its own, so that memory and CPU are its own.

`python -m benchmarks.ingest.players <name> <stage>` prints one JSON line: rows, seconds, CPU seconds, peak MB.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def omni(stage: dict[str, Any]) -> Callable[[], int]:
    """Ours: the code that production runs, one stream of one shop, a window of a month."""
    from connectors.records import Window
    from connectors.settings import Settings
    from connectors.sync import SyncFailure, sync_shops

    settings = Settings(
        _env_file=None, data_dir=Path(stage["folder"]) / "data", requests_in_flight=stage.get("in_flight", 16)
    )
    start, end = (datetime.fromtimestamp(instant, UTC) for instant in stage["window"])

    def run() -> int:
        [outcome] = sync_shops(
            stage["database_url"],
            settings=settings,
            shops=None,
            streams=["orders"],
            window=Window(start, end),
            run_id="bench",
            on_event=lambda _event: None,
        )
        assert not isinstance(outcome, SyncFailure), outcome
        return outcome.read

    return run


def bare_copy(stage: dict[str, Any], connections: int = 2) -> Callable[[], int]:
    """The ceiling: the rows that ours has just stored, packed beforehand, by plain COPY into the emptied table."""
    import psycopg

    from connectors.postgres.packing import RowPacker
    from connectors.postgres.tables import RAW_TABLES

    table = RAW_TABLES["orders"]
    columns = ", ".join(table.wire)
    with psycopg.connect(stage["database_url"], autocommit=True) as connection:
        records = _stored_records(connection)
        connection.execute("truncate raw_temu.orders")
        connection.execute("checkpoint")
    share = -(-len(records) // connections)
    packer = RowPacker(table, shop_id=1, run_id="bench")
    blobs = [packer.pack(records[at : at + share]) for at in range(0, len(records), share)]
    count = len(records)
    del records
    opened = [psycopg.connect(stage["database_url"]) for _ in blobs]

    def copy(connection: psycopg.Connection, blob: bytes) -> None:
        with connection.cursor().copy(f"copy raw_temu.orders ({columns}) from stdin (format binary)") as target:
            for at in range(0, len(blob), 1 << 20):
                target.write(blob[at : at + (1 << 20)])
        connection.commit()

    def run() -> int:
        threads = [threading.Thread(target=copy, args=pair) for pair in zip(opened, blobs, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return count

    return run


def _stored_records(connection: Any) -> list[Any]:
    from connectors.records import RawRecord

    query = """select parent_order_sn, status, order_time, source_updated_at, payload::text
        from raw_temu.orders order by source_updated_at"""
    return [
        RawRecord((sn,), (status, placed), updated, payload.replace('": ', '":').replace(', "', ',"').encode())
        for sn, status, placed, updated, payload in connection.execute(query)
    ]


PLAYERS: dict[str, Callable[[dict[str, Any]], Callable[[], int]]] = {"omni": omni, "bare copy": bare_copy}


def measure(run: Callable[[], int]) -> dict[str, float]:
    """Rows, wall seconds, CPU seconds of this process, peak resident MB."""
    cpu, wall = time.process_time(), time.perf_counter()
    rows = run()
    seconds = time.perf_counter() - wall
    return {
        "rows": rows,
        "seconds": seconds,
        "cpu": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main(name: str, stage: str) -> None:
    """Prepare, run, report."""
    run = PLAYERS[name](json.loads(stage))
    sys.stdout.write(json.dumps(measure(run)) + "\n")
    sys.stdout.flush()
    os._exit(0)  # telemetry threads of a player must not be counted, nor waited for


if __name__ == "__main__":
    main(*sys.argv[1:3])
