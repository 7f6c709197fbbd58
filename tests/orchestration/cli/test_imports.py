"""`omni import`: a preview that agrees with the import, rejected rows handed back, a clear word on what is unusable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from typer.testing import CliRunner

from connectors.files.tables import TABLES
from connectors.settings import PROJECT_ROOT
from orchestration.cli.app import app
from orchestration.import_impact import LINES, LISTINGS, QUESTIONS, SHOPS

runner = CliRunner()
HEADER = "sku_code,cost_price,currency,effective_from,effective_to\n"
OLD = HEADER + "AB-1,10,CNY,2026-01-01,\nCD-2,20,CNY,2026-01-01,\n"
NEW = HEADER + "AB-1,10,CNY,2026-01-01,\nAB-1,12,CNY,2026-02-01,\nCD-2,20,CNY,2026-01-01,\nEF-3,-1,CNY,2026-01-01,\n"
# What the marts hold, and staging as dbt defines it where listings 1 and 2 carry the articles in question.
MARTS = """
    create table marts.fct_order_lines_costed (matched_product_id bigint, parent_key text, shop_id bigint,
        order_placed_at timestamptz, order_date date, line_currency text);
    insert into marts.fct_order_lines_costed values
        (1, 'P1', 1, '2026-01-31 15:59Z', '2026-01-31', 'USD'), (1, 'P2', 1, '2026-01-31 16:00Z', '2026-02-01', 'USD'),
        (1, 'P3', 1, '2026-03-05 01:00Z', '2026-03-05', 'USD'), (1, 'P3', 1, '2026-03-05 01:00Z', '2026-03-05', 'EUR'),
        (2, 'P4', 2, '2026-03-05 01:00Z', '2026-03-05', 'EUR');
    create table marts.dim_shop (shop_id bigint, default_manager text);
    insert into marts.dim_shop values (1, 'kim');
    create table marts.snap_products (id bigint, dbt_valid_from timestamp);
    insert into marts.snap_products values (1, '2026-03-01'), (1, '2026-03-09'), (2, '2026-03-01');
    create view staging.stg_files__product_costs as
        select p.id as product_id, c.cost_price, c.currency, c.effective_from,
            coalesce(c.closed_at, c.effective_to) as effective_to, c.loaded_at as created_at
        from raw_files.product_costs c join (values (1, 'AB-1'), (2, 'CD-2')) p (id, sku_code) using (sku_code);
    create view staging.stg_files__product_managers as
        select p.id as product_id, m.manager, m.effective_from from raw_files.product_managers m
        join (values (1, 'AB-1'), (2, 'CD-2')) p (id, sku_code) using (sku_code) where m.effective_from is not null;
    create view staging.stg_temu__products as
        select p.id, (select m.manager from raw_files.product_managers m where m.sku_code = p.sku_code
            order by m.effective_from desc nulls last limit 1) as manager
        from (values (1, 'AB-1'), (2, 'CD-2')) p (id, sku_code);
    create view staging.stg_files__fx_rates as
        select base_currency, quote_currency, rate, effective_from, effective_to from raw_files.fx_rates;
    create view staging.stg_files__fee_rates as
        select fee_type, shop_id, rate, effective_from, effective_to from raw_files.fee_rates;
"""


@pytest.fixture
def rows(database_url, settings, monkeypatch) -> Iterator[Callable[[str], list[tuple]]]:
    """Queries on the database that the commands use; one shop is registered."""
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir))
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(
            "insert into ops.shops (temu_shop_id, shop_name, region, gateway, app_key) "
            "values (7, 'Acme', 'US', 'US', 'k')"
        )
        yield lambda query: conn.execute(query).fetchall()


@pytest.fixture
def built(rows, database_url) -> None:
    """Marts with a few order lines."""
    with psycopg.connect(database_url) as conn:
        conn.execute(MARTS)


def omni(*words: object, expected: int = 0) -> str:
    result = runner.invoke(app, ["import", *map(str, words)], catch_exceptions=False)
    assert result.exit_code == expected, result.output
    return " ".join(result.output.split())


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def file(name: str, content: str) -> Path:
        (tmp_path / name).write_text(content)
        return tmp_path / name

    return file


def test_a_preview_counts_rows_reasons_and_order_lines_and_writes_nothing(rows, built, write, tmp_path):
    omni(write("product_costs.csv", OLD))
    before = rows("select * from raw_files.product_costs order by row_no"), rows("select * from ops.import_history")
    told = omni(write("product_costs.csv", NEW), "--dry-run")
    assert "product_costs.csv │ product_costs │ 1 │ 0 │ 2 │ 0 │ 1 │ completed" in told
    assert "row 5 rejected: cost_price: -1 is less than 0" in told
    # P1 was placed one minute before the new cost begins at Beijing midnight; P4 is of another article.
    assert "changes 3 order lines of 2 orders on 2 days (2026-02-01 … 2026-03-05)" in told
    assert rows("select * from raw_files.product_costs order by row_no") == before[0]
    assert rows("select * from ops.import_history") == before[1]
    assert rows("select count(*) from ops.dead_letters") == [(0,)]
    assert [path.name for path in tmp_path.glob("*.rejected.csv")] == []


def test_the_import_says_what_the_preview_said_and_hands_rejected_rows_back(rows, built, write, tmp_path):
    omni(write("product_costs.csv", OLD))
    path = write("product_costs.csv", NEW)
    preview, done = omni(path, "--dry-run"), omni(path)
    assert done.replace("Imported", "Would be imported").startswith(preview)
    assert "rejected rows are in product_costs.csv.rejected.csv beside it" in done
    assert "EF-3" in (tmp_path / "product_costs.csv.rejected.csv").read_text("utf-8-sig")
    assert rows("select count(*) from raw_files.product_costs") == [(3,)]
    assert rows("select status, version, imported_by is not null, run_id like 'cli-%' from ops.import_history") == [
        ("completed", 1, True, True),
        ("completed", 2, True, True),
    ]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "fx_rates.csv",
            "base_currency,quote_currency,rate,effective_from,effective_to\nUSD,CNY,7,2026-02-01,2026-03-01\n",
            "changes 1 order line of 1 order on 1 day (2026-02-01 … 2026-02-01)",
        ),
        (
            "fee_rates.csv",
            "fee_type,shop,rate,effective_from,effective_to\nplatform,,3%,2026-03-01,\nplatform,Acme,2%,2026-03-01,\n",
            "changes 3 order lines of 2 orders on 1 day (2026-03-05 … 2026-03-05)",
        ),
        (
            "order_charges.csv",
            ("shop,parent_order_sn,charge_type,amount,currency,charge_date\nAcme,PO-1,头程,1,CNY,2026-01-02\n"
            "Acme,PO-1,罚款,2,CNY,2026-01-05\n"),
            "touches 1 order on 2 days (2026-01-02 … 2026-01-05)",
        ),
        (
            "sales_targets.csv",
            "target_month,manager,shop,metric,target_value\n2026-03,Li,,GMV,100\n2026-04,Li,,GMV,100\n",
            "touches 1 manager in 2 months (2026-03 … 2026-04)",
        ),
        (
            "settlement_lines.csv",
            ("shop,settlement_sn,line_no,parent_order_sn,line_type,amount,currency,settled_at\n"
            "Acme,S1,1,PO-1,销售回款,5,USD,2026-01-05 20:00:00Z\n"),
            "touches 1 order on 1 day (2026-01-06 … 2026-01-06)",
        ),
        (
            "payouts.csv",
            "shop,payout_sn,amount,currency,paid_at,status\nAcme,W1,5,USD,2026-01-05,paid\n",
            "touches 1 day (2026-01-05 … 2026-01-05)",
        ),
        (
            "account_balances.csv",
            "shop,currency,snapshot_at,available,frozen\nAcme,USD,2026-01-05,5,0\n",
            "touches 1 day",
        ),
        (
            "inventory_snapshots.csv",
            "snapshot_date,shop,sku,on_hand\n2026-01-05,Acme,AB-1,5\n",
            "touches 1 day",
        ),
        (
            "product_managers.csv",
            "sku,manager\nAB-1,Li\nCD-2,Li\n",
            "changes who answers for 2 order lines of 2 orders on 2 days (2026-01-31 … 2026-02-01)",
        ),
    ],
)  # fmt: skip
def test_each_kind_of_file_says_which_orders_and_days_it_touches(rows, built, write, name, content, expected):
    assert expected in omni(write(name, content), "--dry-run")


MANAGERS = "sku,manager,effective_from\n"


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        # One minute apart: P1 was placed before the assignment begins at Beijing midnight. P3 is a line that the
        # snapshot of products saw somebody else answer for.
        (
            "AB-1,ann,2025-01-01\nAB-1,Li,2026-02-01\n",
            "changes who answers for 1 order line of 1 order on 1 day (2026-02-01 … 2026-02-01)",
        ),
        ("AB-1,ann,2025-01-01\nAB-1,Li,2026-03-02\n", "each order line keeps who answered for it when it was placed"),
        # Nobody assigned is whoever answers for the shop by default.
        (
            "AB-1,,2025-01-01\n",
            "changes who answers for 2 order lines of 2 orders on 2 days (2026-01-31 … 2026-02-01)",
        ),
    ],
)
def test_an_assignment_moves_the_lines_placed_while_it_holds_that_nobody_was_seen_answering_for_g(
    rows, built, write, assigned, expected
):
    omni(write("product_managers.csv", MANAGERS + "AB-1,ann,2025-01-01\n"))
    assert expected in omni(write("product_managers.csv", MANAGERS + assigned), "--dry-run")


def test_who_answers_by_default_and_is_assigned_now_is_no_change_g(rows, built, write):
    path = write("product_managers.csv", "sku,manager\nAB-1,kim\n")
    assert "each order line keeps who answered for it" in omni(path)


def test_one_order_number_in_two_shops_is_two_orders(rows, built, write, database_url):
    with psycopg.connect(database_url) as conn:
        conn.execute("update marts.fct_order_lines_costed set parent_key = 'P' where parent_key in ('P3', 'P4')")
    told = omni(write("product_costs.csv", HEADER + "AB-1,10,CNY,2026-03-05,\nCD-2,20,CNY,2026-03-05,\n"), "--dry-run")
    assert "changes 3 order lines of 2 orders on 1 day" in told


def test_every_kind_of_file_has_its_question():
    assert set(QUESTIONS) == set(TABLES)


def test_before_the_first_build_the_orders_are_not_known_and_the_rows_are_told(rows, write):
    told = omni(write("product_costs.csv", OLD), "--dry-run")
    assert "│ 2 │ 0 │ 0 │ 0 │ 0 │ completed" in told
    assert "can be told once the marts are built" in told


def test_a_file_that_cannot_be_read_fails_with_one_message_and_the_others_land(rows, write):
    told = omni(write("product_costs.xlsx", "no workbook"), write("product_costs.csv", OLD), expected=1)
    assert told.count("omni: product_costs.xlsx") == 1
    assert "open it in a spreadsheet and save it again" in told
    assert rows("select count(*) from raw_files.product_costs") == [(2,)]


def test_a_name_without_a_table_needs_the_option(rows, write):
    path = write("november.csv", OLD)
    assert "begin its name with one of product_costs" in omni(path, expected=1)
    assert "november.csv │ product_costs │ 2" in omni(path, "--table", "product_costs")


def test_the_questions_use_columns_that_staging_and_marts_promise():
    models = PROJECT_ROOT / "dbt_project" / "models"
    documents = [*models.glob("staging/*/*.yml"), *models.glob("marts/sales/*.yml"), *models.glob("marts/core/*.yml")]
    promised = {
        model["name"]: {column["name"] for column in model.get("columns", [])}
        for document in documents
        for model in yaml.safe_load(document.read_text(encoding="utf-8")).get("models", [])
    }
    lines = {"matched_product_id", "parent_key", "shop_id", "order_placed_at", "order_date", "line_currency"}
    assert lines <= promised[LINES.partition(".")[2]]
    assert {"shop_id", "default_manager"} <= promised[SHOPS.partition(".")[2]]
    assert {"id", "manager"} <= promised[LISTINGS.partition(".")[2]]
    for question in QUESTIONS.values():
        for view in set(question.views) - {LISTINGS}:
            assert set(question.columns.split(", ")) <= promised[view.partition(".")[2]]


def test_the_same_content_again_is_told_to_change_nothing(rows, write):
    omni(write("product_costs.csv", OLD))
    assert "its content is loaded already as product_costs.csv; nothing changed" in omni(
        write("product_costs_copy.csv", OLD)
    )
    assert rows("select count(*) from raw_files.product_costs") == [(2,)]
