"""Puts what the platform and files said into the raw tables as the loader would, for tests of staging.

Belongs here: landing rows and reading what became of them; which rows, is each test's own matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.dbt_project.conftest import Warehouse

PLACED, SHIPPED, UPDATED = 1767229200, 1767398400, 1767916800  # epoch seconds


def at(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def money(minor: int, currency: str = "USD") -> dict[str, object]:
    return {"amount": minor, "currency": currency}


class Landing:
    """Puts answers into the raw tables as the loader would."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.rows = 0

    def land(self, table: str, payload: dict[str, Any], updated: int = UPDATED, **key: object) -> None:
        """One row of raw_temu."""
        columns = {"shop_id": 1, "source_updated_at": at(updated), "run_id": "r", "payload_hash": b"h"} | key
        self._insert(f"raw_temu.{table}", columns | {"payload": json.dumps(payload)})

    def file(self, table: str, **columns: object) -> None:
        """One row of raw_files."""
        self.rows += 1
        source = {"source_file": f"{table}.csv", "file_hash": table, "row_no": self.rows, "run_id": "r"}
        self._insert(f"raw_files.{table}", source | columns)

    def order(self, sn: str, lines: list[dict[str, Any]], updated: int = UPDATED, **parent: object) -> None:
        """A parent order with its lines."""
        head = {"parentOrderSn": sn, "parentOrderStatus": 4, "parentOrderTime": PLACED, "parentShippingTime": SHIPPED}
        page = {"parentOrderMap": head | {"regionId": 211, "updateTime": updated} | parent, "orderList": lines}
        self.land("orders", page, updated, parent_order_sn=sn)

    def detail(self, sn: str, state: str | None) -> None:
        """A parent order's detail, as far as it tells where the order goes."""
        page = {"parentOrderMap": {"parentOrderSn": sn, "regionName1": "United States", "regionName2": state}}
        self.land("order_details", page, parent_order_sn=sn)

    def _insert(self, table: str, columns: dict[str, object]) -> None:
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        with psycopg.connect(self.warehouse.url, autocommit=True) as connection:
            connection.execute(f"insert into {table} ({names}) values ({marks})", list(columns.values()))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Built:
    """Everything landed, built once; tests read."""

    warehouse: Warehouse

    def staged(self, model: str, where: str, order: str) -> list[dict[str, Any]]:
        """Rows of a staging model."""
        return self.warehouse.rows(f"select * from staging.{model} where {where} order by {order}")


@contextmanager
def staging_of(
    warehouse: Warehouse, cases: Iterable[Callable[[Landing], None]], tables: Iterable[str]
) -> Iterator[Built]:
    """Staging built of what the cases land in an empty database; the raw tables are empty again afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNI_DATABASE_URL", warehouse.url)
        warehouse.empty()
        landing = Landing(warehouse)
        for land in cases:
            land(landing)
        warehouse.dbt("build", "--select", "staging", "--exclude-resource-type", "unit_test")
        yield Built(warehouse)
        warehouse.execute(f"truncate {', '.join(f'raw_temu.{table}' for table in tables)}")
