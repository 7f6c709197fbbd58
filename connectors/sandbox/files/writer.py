"""Writes every companion file into a folder, each through a temporary file and a rename."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from connectors.sandbox.files import catalogue, charges, rates, settlements, stocks
from connectors.sandbox.world.world import World

Rows = Iterable[tuple[object, ...]]
_FILES: dict[str, tuple[tuple[str, ...], Callable[[World, int], Rows]]] = {
    "product_costs": (catalogue.COST_COLUMNS, catalogue.cost_rows),
    "product_managers": (catalogue.MANAGER_COLUMNS, catalogue.manager_rows),
    "fx_rates": (rates.FX_COLUMNS, rates.fx_rows),
    "fee_rates": (rates.FEE_COLUMNS, rates.fee_rows),
    "sales_targets": (rates.TARGET_COLUMNS, rates.target_rows),
    "order_charges": (charges.COLUMNS, charges.charge_rows),
    "settlement_lines": (settlements.LINE_COLUMNS, settlements.line_rows),
    "payouts": (settlements.PAYOUT_COLUMNS, settlements.payout_rows),
    "account_balances": (settlements.BALANCE_COLUMNS, settlements.balance_rows),
    "inventory_snapshots": (stocks.COLUMNS, stocks.snapshot_rows),
}


def write_files(world: World, folder: Path, now: int) -> dict[str, int]:
    """Write all files as of `now`; returns the number of rows per file."""
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _write(folder / f"{name}.csv", columns, rows(world, now)) for name, (columns, rows) in _FILES.items()}


def _write(path: Path, columns: tuple[str, ...], rows: Rows) -> int:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    count = 0
    with temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(["" if value is None else value for value in row])
            count += 1
    temporary.replace(path)
    return count
