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
from collections.abc import Callable, Iterator
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
    blobs = [b"".join(packer.pack(records[at : at + share])) for at in range(0, len(records), share)]
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


def dlt_rest(stage: dict[str, Any]) -> Callable[[], int]:
    """dlt as its documentation shows it: REST API source, pages in turn, nested lists in child tables, merge by key."""
    from dlt.sources.helpers.rest_client.paginators import BasePaginator
    from dlt.sources.rest_api import rest_api_source

    signed = _signer(stage)

    class SignedPages(BasePaginator):
        """Numbers pages in the signed body, until an empty one."""

        def __init__(self) -> None:
            super().__init__()
            self.page = 1

        def init_request(self, request: Any) -> None:
            request.json = signed(self.page)

        def update_state(self, _response: Any, data: list[Any] | None = None) -> None:
            self.page += 1
            self._has_next_page = bool(data)

        def update_request(self, request: Any) -> None:
            request.json = signed(self.page)

    source = rest_api_source(
        {
            "client": {"base_url": stage["gateway"], "paginator": SignedPages()},
            "resources": [
                {
                    "name": "orders",
                    "primary_key": "parent_order_sn",
                    "write_disposition": "merge",
                    "endpoint": {"path": "", "method": "POST", "json": signed(1), "data_selector": "result.pageItems"},
                    "processing_steps": [{"map": _keyed}],
                }
            ],
        }
    )
    pipeline = _pipeline(stage, "rest")
    return lambda: _rows_of(pipeline, pipeline.run(source, loader_file_format="insert_values"))


def dlt_arrow(stage: dict[str, Any]) -> Callable[[], int]:
    """dlt at its fastest: pages fetched by 16 threads, Arrow tables, Parquet through ADBC; appended, not merged."""
    import dlt
    import msgspec
    import pyarrow as pa
    import requests

    signed = _signer(stage)
    page_type = msgspec.json.Decoder(dict[str, Any])
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

    def fetch(number: int) -> pa.Table:
        items = page_type.decode(session.post(stage["gateway"], json=signed(number)).content)["result"]["pageItems"]
        return pa.table(
            {
                "parent_order_sn": [item["parentOrderMap"]["parentOrderSn"] for item in items],
                "updated_at": [item["parentOrderMap"]["updateTime"] for item in items],
                "payload": [msgspec.json.encode(item).decode() for item in items],
            }
        )

    @dlt.resource(name="orders", primary_key="parent_order_sn", write_disposition="append")
    def orders() -> Iterator[pa.Table]:
        from concurrent.futures import ThreadPoolExecutor

        total = session.post(stage["gateway"], json=signed(1)).json()["result"]["totalItemNum"]
        with ThreadPoolExecutor(16) as pool:
            tables = list(pool.map(fetch, range(1, -(-total // 100) + 1)))
        for at in range(0, len(tables), 50):
            yield pa.concat_tables(tables[at : at + 50])

    pipeline = _pipeline(stage, "arrow")
    return lambda: _rows_of(pipeline, pipeline.run(orders(), loader_file_format="parquet"))


def _keyed(item: dict[str, Any]) -> dict[str, Any]:
    return {"parent_order_sn": item["parentOrderMap"]["parentOrderSn"], **item}


def _signer(stage: dict[str, Any]) -> Callable[[int], dict[str, Any]]:
    """Bodies of the order list, page by page, over the whole span."""
    from connectors.temu.signing import sign

    shop, (start, end) = stage["shop"], stage["window"]

    def signed(page: int) -> dict[str, Any]:
        body = {
            "type": "bg.order.list.v2.get",
            "app_key": shop["app_key"],
            "access_token": shop["access_token"],
            "timestamp": int(time.time()),
            "data_type": "JSON",
            "version": "V1",
            "pageNumber": page,
            "pageSize": 100,
            "updateAtStart": start,
            "updateAtEnd": end - 1,
            "sortby": "updateTime",
            "fulfillmentTypeList": ["fulfillBySeller", "fulfillByCooperativeWarehouse"],
        }
        return body | {"sign": sign(body, shop["app_secret"])}

    return signed


def _pipeline(stage: dict[str, Any], name: str) -> Any:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt

    return dlt.pipeline(
        f"bench_{name}_{os.getpid()}",
        pipelines_dir=f"{stage['folder']}/dlt",
        destination=dlt.destinations.postgres(stage["database_url"]),
        dataset_name=f"dlt_bench_{name}",
    )


def _rows_of(pipeline: Any, info: Any) -> int:
    info.raise_on_failed_jobs()
    with pipeline.sql_client() as client, client.execute_query("select count(*) from orders") as cursor:
        return int(cursor.fetchone()[0])


PLAYERS: dict[str, Callable[[dict[str, Any]], Callable[[], int]]] = {
    "omni": omni,
    "bare copy": bare_copy,
    "dlt rest": dlt_rest,
    "dlt arrow": dlt_arrow,
}


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
