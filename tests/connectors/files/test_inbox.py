"""The watched folder: what is imported, what waits, and where files end up."""

from __future__ import annotations

import os
import time

import pytest

from connectors.files import import_inbox
from connectors.files.inbox import finished_files

RATES = "base_currency,quote_currency,rate,effective_from\nUSD,CNY,7.00,2026-01-01\n"
TARGETS = "target_month,manager,metric,target_value\n2026-03,kim,gmv_cny,4000\n2026-03,lee,smiles,1\n"


def no_sleep(seconds: float) -> None:
    raise AssertionError(f"would have slept {seconds} s although every file is old")


@pytest.fixture
def put(settings):
    """Put a file into the inbox, last changed an hour ago."""

    def write(name: str, content: str):
        settings.file_inbox.mkdir(parents=True, exist_ok=True)
        path = settings.file_inbox / name
        path.write_text(content, encoding="utf-8")
        os.utime(path, (time.time() - 3600,) * 2)
        return path

    return write


@pytest.fixture
def visit(database_url, settings, shops):
    """One round over the inbox; returns what was reported as it happened, which is also what is returned."""

    def run():
        seen = []
        reports = import_inbox(database_url, settings=settings, run_id="r", on_event=seen.append, sleep=no_sleep)
        assert seen == reports
        return {report.file_name: report for report in reports}

    return run


def test_one_bad_file_does_not_stop_the_others_and_each_finds_its_folder(put, visit, rows, settings):
    put("fx_rates.csv", RATES)
    put("product_costs.csv", "sku_code,cost_price\nAB-1,1")
    put("sales_targets.csv", TARGETS)
    put("holiday.pdf", "x")
    reports = visit()
    assert {name: report.status for name, report in reports.items()} == {
        "fx_rates.csv": "completed",
        "holiday.pdf": "failed",
        "product_costs.csv": "failed",
        "sales_targets.csv": "completed",
    }
    found = {str(path.relative_to(settings.file_inbox)) for path in settings.file_inbox.rglob("*") if path.is_file()}
    assert found == {
        "done/fx_rates.csv",
        "done/sales_targets.csv",
        "done/sales_targets.csv.rejected.csv",
        "failed/holiday.pdf",
        "failed/holiday.pdf.reason.txt",
        "failed/product_costs.csv",
        "failed/product_costs.csv.reason.txt",
    }
    reason = (settings.file_inbox / "failed" / "product_costs.csv.reason.txt").read_text(encoding="utf-8")
    assert reason.startswith("product_costs.csv: nothing was loaded: columns are missing: currency")
    assert reports["sales_targets.csv"].rejected_file == settings.file_inbox / "done" / "sales_targets.csv.rejected.csv"
    assert rows("select count(*) from raw_files.fx_rates") == [(1,)]


def test_an_empty_or_absent_inbox_is_no_news(visit):
    assert visit() == {}


@pytest.mark.parametrize(
    "name", ["fx_rates.csv.tmp", "~$fx_rates.xlsx", ".fx_rates.csv", "fx_rates.csv.part", "fx_rates.csv.rejected.csv"]
)
def test_files_that_are_not_finished_or_our_own_stay_where_they_are(put, visit, name):
    path = put(name, RATES)
    assert visit() == {}
    assert path.exists()


def test_a_file_that_grows_while_we_watch_is_left_for_the_next_round(put, settings):
    old, growing = put("fx_rates.csv", RATES), put("fx_rates_new.csv", RATES)
    os.utime(growing)
    waited = []

    def write_more(seconds: float) -> None:
        waited.append(seconds)
        growing.write_text(RATES + "EUR,CNY,7.80,2026-01-01\n", encoding="utf-8")

    assert finished_files(settings.file_inbox, sleep=write_more) == [old]
    assert 0 < waited[0] <= 2


def test_a_young_file_that_keeps_quiet_is_finished(put, settings):
    young = put("fx_rates.csv", RATES)
    os.utime(young)
    assert finished_files(settings.file_inbox, sleep=lambda _: None) == [young]


def test_a_file_that_disappears_while_we_watch_is_forgotten(put, settings):
    path = put("fx_rates.csv", RATES)
    os.utime(path)
    assert finished_files(settings.file_inbox, sleep=lambda _: path.unlink()) == []


def test_versions_of_one_name_are_all_kept_in_done(put, visit, settings, rows):
    for rate in ("7.00", "7.05", "7.10"):
        put("fx_rates.csv", RATES.replace("7.00", rate))
        visit()
    kept = [path.read_text(encoding="utf-8") for path in (settings.file_inbox / "done").glob("fx_rates*.csv")]
    assert sorted(kept) == [RATES.replace("7.00", rate) for rate in ("7.00", "7.05", "7.10")]
    assert [str(rate) for (rate,) in rows("select rate from raw_files.fx_rates")] == ["7.10"]
