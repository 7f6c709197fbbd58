"""Rows of every table: good plus refused is always the whole file."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from connectors.files.reading import UnreadableFileError, read_grid
from connectors.files.rows import ParsedFile, parse_rows
from connectors.files.tables import TABLES, table_of
from connectors.files.values import UnreadableValueError

GOOD_CELLS = {
    "shop": "Harbor US",
    "sku_code": "AB-1",
    "cost_price": "30.00",
    "currency": "CNY",
    "effective_from": "2026-02-01",
    "effective_to": "2026-03-01",
    "manager": "kim",
    "category": "lamps",
    "base_currency": "USD",
    "quote_currency": "CNY",
    "rate": "0.05",
    "fee_type": "payment",
    "target_month": "2026-03",
    "metric": "gmv_cny",
    "target_value": "4,000",
    "parent_order_sn": "PO-211-1",
    "charge_type": "penalty",
    "amount": "5.00",
    "charge_date": "2026-03-02",
    "settlement_sn": "S-1",
    "line_no": "1",
    "order_sn": "211-1",
    "product_sku_id": "17592186044416",
    "line_type": "sales_receipt",
    "settled_at": "2026-03-08 10:00",
    "payout_sn": "P-1",
    "paid_at": "2026-03-09",
    "status": "paid",
    "snapshot_at": "2026-03-09 00:00",
    "available": "10",
    "frozen": "0",
    "snapshot_date": "2026-03-09",
    "on_hand": "5",
    "reserved": "1",
    "in_transit": "0",
}


def find_shop(text: str) -> int:
    if text != "Harbor US":
        raise UnreadableValueError("unknown_shop", f"no shop is called {text!r}")
    return 11


def parse(table: str, *rows: list[str], header: list[str] | None = None) -> ParsedFile:
    text = io.StringIO()
    csv.writer(text).writerows([header or [c.name for c in TABLES[table].columns], *rows])
    return parse_rows(read_grid(text.getvalue().encode(), ".csv", sheet=table), TABLES[table], find_shop)


def good_row(table: str, **changes: str) -> list[str]:
    return [changes.get(c.name, GOOD_CELLS[c.name]) for c in TABLES[table].columns]


@pytest.mark.parametrize("table", TABLES)
def test_a_full_row_of_each_table_is_good(table):
    parsed = parse(table, good_row(table))
    assert not parsed.refused
    assert None not in parsed.good[0].values


@pytest.mark.parametrize("table", TABLES)
def test_each_required_cell_of_each_table_is_missed_by_name(table):
    for name in TABLES[table].required:
        (refused,) = parse(table, good_row(table, **{name: "--"})).refused
        assert [(p.code, p.column) for p in refused.problems] == [("missing_value", name)]


@pytest.mark.parametrize("table", TABLES)
def test_every_other_header_of_each_table_is_understood(table):
    for place, column in enumerate(TABLES[table].columns):
        for alias in column.aliases:
            header = [c.name for c in TABLES[table].columns]
            header[place] = f" {alias.upper()}* "
            assert parse(table, good_row(table), header=header).good


@pytest.mark.parametrize(
    ("file_name", "table"),
    [
        ("product_costs.csv", "product_costs"),
        ("Product_Costs_2026-11.XLSX", "product_costs"),
        ("product_costs 2.csv", "product_costs"),
        ("fx_rates2026.csv", "fx_rates"),
        ("product_costsheet.csv", None),
        ("costs.csv", None),
    ],
)
def test_the_start_of_the_file_name_selects_the_table(file_name, table):
    found = table_of(file_name)
    assert (found.name if found else None) == table


def test_a_row_with_several_faults_reports_each_of_them():
    (refused,) = parse(
        "product_costs", good_row("product_costs", cost_price="cheap", currency="$", shop="Nowhere")
    ).refused
    assert {(p.code, p.column) for p in refused.problems} == {
        ("not_a_number", "cost_price"),
        ("not_a_currency", "currency"),
        ("unknown_shop", "shop"),
    }


def test_an_interval_that_ends_before_it_starts_is_refused():
    (refused,) = parse("product_costs", good_row("product_costs", effective_to="2026-02-01")).refused
    assert refused.problems[0].code == "inverted_interval"
    assert refused.shop_id == 11


def test_a_second_row_with_the_same_key_is_refused_and_names_the_first():
    parsed = parse(
        "product_costs", good_row("product_costs"), good_row("product_costs", sku_code="ab-1", cost_price="31")
    )
    assert [row.row_no for row in parsed.good] == [2]
    assert "as row 2" in parsed.refused[0].problems[0].message


def test_charges_may_repeat_because_two_equal_penalties_are_two_penalties():
    assert len(parse("order_charges", good_row("order_charges"), good_row("order_charges")).good) == 2


@pytest.mark.parametrize("row", [["AB-1", "1"], ["AB-1", "1", "234.50", "CNY", "2026-02-01"]])
def test_a_row_with_more_or_fewer_cells_than_the_header_is_refused(row):
    (refused,) = parse("product_costs", row, header=["sku_code", "cost_price", "currency", "effective_from"]).refused
    assert refused.problems[0].code == "column_count"


def test_unknown_columns_are_ignored_and_named():
    header = [*(c.name for c in TABLES["product_costs"].columns), "remark"]
    assert parse("product_costs", [*good_row("product_costs"), "hello"], header=header).ignored == ("remark",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sku_code,cost_price\nAB-1,1\n", "columns are missing: currency, effective_from"),
        ("sku_code,cost_price,currency,effective_from\n", "a header but no rows"),
        ("sku_code,货号,cost_price,currency,effective_from\na,b,1,CNY,2026-01-01\n", "two columns both mean sku_code"),
    ],
)
def test_a_header_that_cannot_work_refuses_the_whole_file(text, message):
    grid = read_grid(text.encode(), ".csv", sheet="product_costs")
    with pytest.raises(UnreadableFileError, match=message):
        parse_rows(grid, TABLES["product_costs"], find_shop)


cells = st.one_of(st.sampled_from(sorted(GOOD_CELLS.values())), st.text(max_size=12))


@limits(deadline=None, max_examples=400)
@given(st.sampled_from(sorted(TABLES)), st.lists(st.lists(cells, min_size=1, max_size=12), min_size=1, max_size=6))
def test_good_and_refused_rows_are_always_all_rows_of_the_file(table, rows):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([[c.name for c in TABLES[table].columns], *rows])
    content = text.getvalue().encode("utf-8", "surrogatepass")
    filled = [n for n, row in enumerate(rows, start=2) if any(cell.strip() for cell in row)]
    try:
        parsed = parse_rows(read_grid(content, ".csv", sheet=table), TABLES[table], find_shop)
    except UnreadableFileError as refusal:
        assert not filled or "UTF-8" in str(refusal)  # noqa: PT017 - the only reasons that random cells can give
        return
    assert sorted(row.row_no for row in (*parsed.good, *parsed.refused)) == filled
    assert all(row.problems and str(row.problems[0]) for row in parsed.refused)
