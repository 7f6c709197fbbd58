"""Companion files fit the orders, keep their columns and agree with each other."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.files import write_files

COLUMNS = {
    "product_costs": "shop,sku_code,cost_price,currency,effective_from,effective_to",
    "product_managers": "shop,sku_code,manager,category,effective_from",
    "fx_rates": "base_currency,quote_currency,rate,effective_from,effective_to",
    "fee_rates": "fee_type,shop,rate,effective_from,effective_to",
    "sales_targets": "target_month,manager,shop,metric,target_value",
    "order_charges": "shop,parent_order_sn,charge_type,amount,currency,charge_date",
    "settlement_lines": (
        "shop,settlement_sn,line_no,parent_order_sn,order_sn,product_sku_id,line_type,amount,currency,settled_at"
    ),
    "payouts": "shop,payout_sn,amount,currency,paid_at,status",
    "account_balances": "shop,currency,snapshot_at,available,frozen",
    "inventory_snapshots": "snapshot_date,shop,sku_code,on_hand,reserved,in_transit",
}
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def folder(gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_files(gateway.sandbox.world, folder, gateway.sandbox.now())
    return folder


@pytest.fixture(scope="module")
def table(folder: Path) -> Callable[[str], Rows]:
    def read(name: str) -> Rows:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.mark.parametrize("name", COLUMNS)
def test_each_file_has_its_columns_and_rows(folder: Path, name: str) -> None:
    lines = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == COLUMNS[name]
    assert len(lines) > 4


def test_writing_twice_gives_the_same_bytes_and_leaves_no_temporary_files(gateway: Any, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_files(gateway.sandbox.world, folder, gateway.sandbox.now())
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert before.keys() == {f"{name}.csv" for name in COLUMNS}


def test_fx_intervals_touch_each_other_and_cover_everything(gateway: Any, table: Callable[[str], Rows]) -> None:
    first_order = datetime.fromtimestamp(gateway.sandbox.opening_instant, UTC).date()
    by_currency = defaultdict(list)
    for row in table("fx_rates"):
        by_currency[row["base_currency"]].append(row)
    assert by_currency.keys() == {"USD", "EUR", "GBP"}
    for rows in by_currency.values():
        assert date.fromisoformat(rows[0]["effective_from"]) < first_order
        assert [row["effective_to"] for row in rows] == [row["effective_from"] for row in rows[1:]] + [""]
        rates = [Decimal(row["rate"]) for row in rows]
        assert all(abs(b / a - 1) < Decimal("0.1") for a, b in pairwise(rates))


def test_costs_are_dated_and_imperfect(table: Callable[[str], Rows], gateway: Any) -> None:
    rows = table("product_costs")
    versions = defaultdict(list)
    for row in rows:
        assert Decimal(row["cost_price"]) > 0
        assert row["shop"] == ""
        versions[row["sku_code"]].append(row)
    assert {row["currency"] for row in rows} == {"CNY", "USD"}
    assert any(len(found) >= 2 for found in versions.values())
    gaps = [
        code for code, found in versions.items() for a, b in pairwise(found) if a["effective_to"] < b["effective_from"]
    ]
    assert gaps
    listed = {shelf.listing.article for shop in gateway.sandbox.world.shops for shelf in shop.shelves.values()}
    assert listed - versions.keys() == {"PUZZLE-STD"}


def test_managers_are_few_and_some_articles_have_none(table: Callable[[str], Rows]) -> None:
    managers = [row["manager"] for row in table("product_managers")]
    assert 5 <= len(set(managers) - {""}) <= 6
    assert "" in managers
    targets = {row["manager"] for row in table("sales_targets")}
    assert targets >= set(managers) - {""}
    assert all(row["target_month"].endswith("-01") for row in table("sales_targets"))


def test_charges_name_real_parents_and_known_types(table: Callable[[str], Rows], gateway: Any) -> None:
    rows = table("order_charges")
    shops = {shop.profile.name: shop for shop in gateway.sandbox.world.shops}
    kinds = {"first_mile", "last_mile", "label", "penalty", "subsidy", "freight_income"}
    assert {row["charge_type"] for row in rows} == kinds
    for row in rows:
        assert row["parent_order_sn"] in shops[row["shop"]].book.by_sn
        assert Decimal(row["amount"]) > 0


def test_statements_are_numbered_and_paid_out_in_full(table: Callable[[str], Rows]) -> None:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    numbers = defaultdict(list)
    for row in table("settlement_lines"):
        totals[row["settlement_sn"]] += Decimal(row["amount"])
        numbers[row["settlement_sn"]].append(int(row["line_no"]))
        assert (Decimal(row["amount"]) < 0) == (row["line_type"] == "sales_reversal")
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    payouts = {row["payout_sn"].replace("PY-", "ST-"): Decimal(row["amount"]) for row in table("payouts")}
    assert payouts == dict(totals)


def test_a_later_copy_extends_settlements_and_charges(own_gateway: Any, tmp_path: Path) -> None:
    sandbox = own_gateway.sandbox
    sandbox.advance(20 * 86_400)
    names = ("settlement_lines", "order_charges", "inventory_snapshots")
    write_files(sandbox.world, tmp_path, sandbox.now())
    before = {name: set((tmp_path / f"{name}.csv").read_text().splitlines()) for name in names}
    sandbox.advance(9 * 86_400)
    write_files(sandbox.world, tmp_path, sandbox.now())
    for name in names:
        assert before[name] < set((tmp_path / f"{name}.csv").read_text().splitlines())


def test_stock_snapshots_are_daily_and_never_negative(table: Callable[[str], Rows]) -> None:
    rows = table("inventory_snapshots")
    keys = [(row["snapshot_date"], row["shop"], row["sku_code"]) for row in rows]
    assert len(keys) == len(set(keys))
    assert all(int(row[name]) >= 0 for row in rows for name in ("on_hand", "reserved", "in_transit"))
    days = sorted({date.fromisoformat(row["snapshot_date"]) for row in rows})
    assert (days[-1] - days[0]).days + 1 == len(days)
