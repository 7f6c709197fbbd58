"""What a file leaves in the database and beside itself: good rows, refused rows, history, versions."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest

from connectors.errors import ConfigurationError, TransientError
from connectors.files import import_file
from connectors.files.source import MissingFileError

HEADER = "shop,sku_code,cost_price,currency,effective_from,effective_to\n"
COSTS = HEADER + 'Harbor US,AB-1,"1,030.50",RMB,2026-02-01,2026-03-01T00:00:00Z\n,ab-2 ,33,CNY,2026-03-01,\n'
HALF_GOOD = (
    HEADER
    + "634418211110001,AB-1,30,CNY,2026-02-01,\n"
    + "Nowhere,AB-2,30,CNY,2026-02-01,\n"
    + "Harbor US,AB-3,-1,CNY,2026-02-01,\n"
)
ALL_COSTS = (
    "select shop_id, sku_code, cost_price, currency, effective_from, effective_to "
    "from raw_files.product_costs order by sku_code"
)
HISTORY = (
    "select import_type, file_name, rows_ok, rows_failed, rows_skipped, status from ops.import_history order by id"
)


def test_a_cost_file_lands_typed_exactly_with_its_origin(load, drop, rows, shops):
    report = load(drop("product_costs.csv", COSTS))
    assert (report.status, report.rows_ok, report.rows_rejected, report.shops) == ("completed", 2, 0, ("Harbor US",))
    assert rows(ALL_COSTS) == [
        (
            shops["Harbor US"],
            "AB-1",
            Decimal("1030.50"),
            "CNY",
            datetime(2026, 1, 31, 16, tzinfo=UTC),
            datetime(2026, 3, 1, tzinfo=UTC),
        ),
        (None, "ab-2", Decimal(33), "CNY", datetime(2026, 2, 28, 16, tzinfo=UTC), None),
    ]
    assert rows("select source_file, file_hash, row_no, run_id from raw_files.product_costs order by row_no") == [
        ("product_costs.csv", report.file_hash, 2, "run-1"),
        ("product_costs.csv", report.file_hash, 3, "run-1"),
    ]
    assert rows(HISTORY) == [("product_costs", "product_costs.csv", 2, 0, 0, "completed")]


def test_the_same_costs_as_gbk_with_chinese_headers_or_as_a_workbook_land_alike(load, drop, rows, workbook):
    load(
        drop("product_costs_a.csv", COSTS.replace(HEADER, "店铺,SKU货号,成本价,币种,生效日期,失效日期\n").encode("gbk"))
    )
    first = rows(ALL_COSTS)
    cells = [line.split(",") for line in COSTS.replace('"1,030.50"', "1030.50").splitlines()]
    load(drop("product_costs_a.csv", "x"))
    load(drop("product_costs_b.xlsx", workbook([[cell or None for cell in row] for row in cells])))
    assert rows(ALL_COSTS.replace("order by", "where source_file = 'product_costs_b.xlsx' order by")) == first


def test_refused_rows_are_reported_back_and_the_others_land(load, drop, rows, shops):
    path = drop("product_costs.csv", HALF_GOOD)
    report = load(path)
    assert (report.status, report.rows_ok, report.rows_rejected) == ("completed", 1, 2)
    assert "row 3" in report.message
    assert "Nowhere" in report.message
    assert report.rejected_file == path.with_name("product_costs.csv.rejected.csv")
    with report.rejected_file.open(encoding="utf-8-sig", newline="") as file:
        refused = list(csv.DictReader(file))
    assert [(row["row_no"], row["sku_code"]) for row in refused] == [("3", "AB-2"), ("4", "AB-3")]
    assert "cost_price: -1 is less than 0" in refused[1]["reason"]
    letters = rows("select shop_id, stream, reason_code, field_path, resolved_at from ops.dead_letters order by id")
    assert letters == [
        (0, "files/product_costs", "unknown_shop", "shop", None),
        (shops["Harbor US"], "files/product_costs", "out_of_range", "cost_price", None),
    ]
    assert rows(HISTORY) == [("product_costs", "product_costs.csv", 1, 2, 0, "completed")]


def test_the_same_content_again_changes_nothing_under_any_name(load, drop, rows):
    load(drop("product_costs.csv", COSTS))
    before = rows("select *, xmin from raw_files.product_costs order by row_no")
    again, renamed = load(drop("product_costs.csv", COSTS)), load(drop("product_costs_copy.csv", COSTS))
    assert (again.status, renamed.status, renamed.rows_skipped) == ("skipped", "skipped", 2)
    assert "as product_costs.csv" in renamed.message
    assert rows("select *, xmin from raw_files.product_costs order by row_no") == before


def test_a_name_whose_content_is_loaded_under_another_one_keeps_nothing_of_its_version_before(load, drop, rows):
    load(drop("product_costs_b.csv", HEADER + ",ZZ-9,1,CNY,2026-01-01,\n"))
    load(drop("product_costs_a.csv", COSTS))
    dry = load(drop("product_costs_b.csv", COSTS), dry_run=True)
    assert rows("select count(*) from raw_files.product_costs where source_file = 'product_costs_b.csv'") == [(1,)]
    report = load(drop("product_costs_b.csv", COSTS))
    assert (report.status, report.rows_skipped, report.rows_removed, dry.rows_removed) == ("skipped", 2, 1, 1)
    assert "as product_costs_a.csv; the 1 rows of its version before are taken out" in report.message
    assert rows("select distinct source_file from raw_files.product_costs") == [("product_costs_a.csv",)]


def test_a_new_version_of_a_name_replaces_the_rows_of_the_old_one_and_no_others(load, drop, rows):
    load(drop("product_costs.csv", COSTS))
    load(drop("product_costs_other.csv", HEADER + ",ZZ-9,1,CNY,2026-01-01,\n"))
    report = load(drop("product_costs.csv", COSTS.replace("33", "34") + ",AB-3,5,USD,2026-01-01,\n"))
    assert (report.rows_ok, report.rows_changed, report.rows_new, report.rows_removed) == (3, 2, 1, 1)
    assert report.rows_unchanged == 1
    assert rows("select sku_code, cost_price from raw_files.product_costs order by 1") == [
        ("AB-1", Decimal("1030.50")),
        ("AB-3", Decimal(5)),
        ("ZZ-9", Decimal(1)),
        ("ab-2", Decimal(34)),
    ]


def test_the_history_says_who_loaded_which_version_with_what_result(load, drop, rows, database_url):
    load(drop("product_costs.csv", COSTS))
    load(drop("product_costs.csv", COSTS))
    load(drop("product_costs.csv", ""))
    path = drop("product_costs.csv", COSTS.replace("33", "34") + "Nowhere,X,1,CNY,2026-01-01,\n")
    import_file(database_url, path, run_id="cli-1", imported_by="li")
    query = """
        select status, version, imported_by, run_id, rows_ok, rows_changed, rows_removed, rows_failed
        from ops.import_history order by id
    """
    assert rows(query) == [
        ("completed", 1, "inbox", "run-1", 2, 2, 0, 0),
        ("skipped", None, "inbox", "run-1", 0, 0, 0, 0),
        ("failed", None, "inbox", "run-1", 0, 0, 0, 0),
        ("completed", 2, "li", "cli-1", 2, 1, 1, 1),
    ]


def test_a_file_of_any_name_lands_in_the_table_that_is_named(drop, rows, database_url, shops):
    path = drop("november.csv", COSTS)
    report = import_file(database_url, path, run_id="r", table="product_costs")
    assert (report.status, report.rows_ok) == ("completed", 2)
    with pytest.raises(ConfigurationError, match="no file fills a table costs → choose among product_costs"):
        import_file(database_url, path, run_id="r", table="costs")


def test_going_back_to_an_older_version_loads_it_again(load, drop, rows):
    for content in (COSTS, COSTS.replace("33", "34"), COSTS):
        assert load(drop("product_costs.csv", content)).status == "completed"
    assert rows("select cost_price from raw_files.product_costs where sku_code = 'ab-2'") == [(Decimal(33),)]


def test_refused_rows_get_another_chance_once_their_shop_is_registered(load, drop, rows, database_url):
    path = drop("product_costs.csv", HALF_GOOD)
    load(path)
    with psycopg.connect(database_url) as conn:
        conn.execute(
            "insert into ops.shops (temu_shop_id, shop_name, region, gateway, app_key) "
            "values (9, 'Nowhere', 'US', 'US', 'k')"
        )
    report = load(path)
    assert (report.status, report.rows_ok, report.rows_rejected) == ("completed", 2, 1)
    assert rows("select count(*) from raw_files.product_costs") == [(2,)]
    assert rows("select reason_code from ops.dead_letters where resolved_at is null") == [("out_of_range",)]


def test_a_file_with_refused_rows_that_are_still_refused_touches_no_stored_row(load, drop, rows):
    path = drop("product_costs.csv", HALF_GOOD)
    stored = "select xmin::text, run_id from raw_files.product_costs"
    letters = "select count(*) from ops.dead_letters where resolved_at is null"
    load(path)
    before, open_letters = rows(stored), rows(letters)
    report = load(path)
    assert (report.rows_changed, report.rows_removed, report.rows_rejected) == (0, 0, open_letters[0][0])
    assert (rows(stored), rows(letters)) == (before, open_letters)


def test_a_corrected_file_settles_its_dead_letters_and_takes_the_list_away(load, drop, rows):
    path = drop("product_costs.csv", HALF_GOOD)
    listed = load(path).rejected_file
    load(drop("product_costs.csv", COSTS))
    assert not listed.exists()
    assert rows("select count(*) from ops.dead_letters where resolved_at is null") == [(0,)]
    assert rows("select count(*) from ops.dead_letters") == [(2,)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("product_costs.csv", "sku_code,cost_price\nAB-1,1\n", "columns are missing: currency, effective_from"),
        ("product_costs.csv", HEADER + 'Harbor US,"AB-1,30', "half-written"),
        ("product_costs.csv", "", "the file is empty"),
        ("product_costs.csv", HEADER, "a header but no rows"),
        ("product_costs.xlsx", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "password"),
        ("product_costs.csv", HEADER + "Nowhere,AB-2,30,CNY,2026-02-01,\n", "no shop is called 'Nowhere'"),
        ("costs.csv", COSTS, "begin its name with one of product_costs"),
    ],
)
def test_a_file_that_cannot_be_used_lands_nothing_says_why_and_keeps_the_version_before(
    load, drop, rows, name, content, message
):
    load(drop(name.replace(".xlsx", ".csv"), COSTS))
    before = rows("select * from raw_files.product_costs order by row_no")
    report = load(drop(name, content))
    assert report.status == "failed"
    assert message in str(report)
    assert str(report).startswith(name)
    assert rows("select * from raw_files.product_costs order by row_no") == before
    assert rows(HISTORY)[-1][1::4] == (name, "failed")


def test_a_dry_run_counts_what_would_change_and_writes_nothing(load, drop, rows, tmp_path):
    load(drop("product_costs.csv", COSTS))
    before = rows("select * from raw_files.product_costs order by row_no"), rows(HISTORY)
    report = load(drop("product_costs.csv", COSTS.replace("33", "34") + "Nowhere,X,1,CNY,2026-01-01,\n"), dry_run=True)
    assert (report.rows_ok, report.rows_changed, report.rows_removed, report.rows_rejected) == (2, 1, 1, 1)
    assert report.message.startswith("would load 2 rows")
    assert (rows("select * from raw_files.product_costs order by row_no"), rows(HISTORY)) == before
    assert rows("select count(*) from ops.dead_letters") == [(0,)]
    assert [path.name for path in tmp_path.glob("*.rejected.csv")] == []


def test_a_row_with_a_formula_error_is_refused_rather_than_meant_for_all_shops(load, drop, rows, workbook):
    cells = [
        HEADER.strip().split(","),
        ["=#N/A", "AB-1", 30, "CNY", "2026-02-01"],
        ["Harbor US", "AB-2", 30, "CNY", "2026-02-01"],
    ]
    report = load(drop("product_costs.xlsx", workbook(cells)))
    assert (report.rows_ok, report.rows_rejected) == (1, 1)
    assert rows("select sku_code from raw_files.product_costs") == [("AB-2",)]
    assert rows("select reason_code from ops.dead_letters") == [("formula_error",)]


def test_two_processes_that_import_the_same_file_load_it_once(load, drop, rows):
    path = drop("product_costs.csv", HEADER + "".join(f",AB-{n},1,CNY,2026-01-01,\n" for n in range(2000)))
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(load, [path, path]))
    assert sorted(report.status for report in reports) == ["completed", "skipped"]
    assert rows("select count(*), count(distinct sku_code) from raw_files.product_costs") == [(2000, 2000)]


def test_history_that_fails_to_be_written_takes_the_rows_back(load, drop, rows, database_url):
    with psycopg.connect(database_url) as conn:
        conn.execute("alter table ops.import_history add check (rows_ok = 0)")
    report = load(drop("product_costs.csv", COSTS))
    assert report.status == "failed"
    assert "the database refused it" in report.message
    assert rows("select count(*) from raw_files.product_costs") == [(0,)]


def test_a_database_that_is_out_of_reach_is_no_fault_of_the_file(drop):
    with pytest.raises(TransientError, match=r"product_costs\.csv.*stays where it is"):
        import_file("postgresql://nobody@127.0.0.1:1/none", drop("product_costs.csv", COSTS), run_id="r")


def test_a_database_without_tables_asks_for_the_migration(drop, postgres_server):
    url = postgres_server.create_database(template="template1")
    with pytest.raises(ConfigurationError, match="omni db migrate"):
        import_file(url, drop("product_costs.csv", COSTS), run_id="r")
    postgres_server.drop_database(url)


def test_a_path_without_a_file_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"no file fx_rates\.csv"):
        import_file("postgresql://unused", tmp_path / "fx_rates.csv", run_id="r")
