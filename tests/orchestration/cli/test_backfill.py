"""`omni backfill`: progress by quoted calls, and the marts that change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.errors import ConfigurationError
from connectors.records import Window
from connectors.sync import StreamQuote, SyncProgress
from orchestration.cli.app import app
from orchestration.expected import Eta
from orchestration.lineage import marts_behind
from tests.orchestration.registered import Registered


def omni(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "220"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_a_backfill_is_quoted_without_reading_and_then_read_by_the_same_words(registered: Registered) -> None:
    today = datetime.now(UTC).date()
    choice = ["--from", str(today - timedelta(days=2)), "--to", str(today), "--stream", "orders"]
    choice += ["--shop", registered.names[0]]
    code, told = omni("backfill", "quote", *choice)
    assert code == 0
    assert "platform count" in told
    assert "minutes" in told
    assert registered.rows("select count(*) from raw_temu.orders") == [(0,)]
    code, told = omni("backfill", "run", *choice)
    assert code == 0
    assert f"{registered.names[0]} · orders:" in told
    assert registered.rows("select count(*) > 0 from raw_temu.orders") == [(True,)]
    assert registered.rows("select * from ops.watermarks") == []
    assert "history" in omni("backfill", "quote", *choice)[1]


def test_a_quote_names_the_marts_that_the_parsed_project_builds_from_the_streams(
    registered: Registered, monkeypatch: pytest.MonkeyPatch, parsed_project: Path
) -> None:
    monkeypatch.setenv("OMNI_DBT_MANIFEST", str(parsed_project))
    choice = ["--from", "2026-08-01", "--to", "2026-08-02", "--shop", registered.names[0]]
    _, told = omni("backfill", "quote", *choice, "--stream", "orders")
    marts = told.partition("marts change: ")[2].partition(" Start it")[0].split(", ")
    assert f"{len(marts)} marts change" in told
    assert {"fct_order_lines_costed", "mart_gmv_daily"} < set(marts)
    assert not {"dim_product", "mart_sync_runs"} & set(marts), "what other streams and the bookkeeping tell"


def test_which_marts_change_is_not_known_before_the_project_is_parsed(
    registered: Registered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OMNI_DBT_MANIFEST", str(tmp_path / "manifest.json"))
    day = ["--from", "2026-08-01", "--to", "2026-08-02", "--shop", registered.names[0]]
    assert "Which marts change is known after `omni up`" in omni("backfill", "quote", *day)[1]


def test_a_window_that_ends_before_it_starts_is_refused(registered: Registered) -> None:
    with pytest.raises(ConfigurationError, match="swap --from and --to"):
        omni("backfill", "quote", "--from", "2026-05-02", "--to", "2026-05-01")


def _progress(shop: int, calls: int) -> SyncProgress:
    return SyncProgress(
        shop_id=shop, shop_name=f"Acme {shop}", stream="orders", window=None, calls=calls, read=0, inserted=0, updated=0
    )


def test_progress_tells_the_time_to_the_end_at_the_pace_so_far() -> None:
    told: list[str] = []
    now = [0.0]
    quotes = [StreamQuote(f"Acme {shop}", "key", "orders", "history", 100, 1) for shop in (1, 2)]
    eta = Eta(quotes, told.append, clock=lambda: now[0])
    for seconds, shop, calls in ((1, 1, 10), (60, 1, 30), (61, 2, 10), (120, 2, 70), (180, 1, 300)):
        now[0] = seconds
        eta(_progress(shop, calls))
    assert told == [
        "30 of about 200 calls, about 5.7 minutes to go",
        "100 of about 200 calls, about 2.0 minutes to go",
        "370 calls, more than the 200 quoted",
    ]


def test_progress_leaves_out_what_was_not_quoted_and_adds_up_windows() -> None:
    told: list[str] = []
    now = [0.0]
    quotes = [
        StreamQuote("Acme 1", "key", "orders", "history", 100, 1),
        StreamQuote("Acme 1", "key", "shipments", "unknown", None, None),
    ]
    eta = Eta(quotes, told.append, clock=lambda: now[0])
    first, second = (Window.of_day(date(2026, 5, day)) for day in (1, 2))
    for seconds, stream, window, calls in (
        (10, "shipments", first, 500),
        (20, "orders", first, 40),
        (30, "orders", second, 10),
    ):
        now[0] = seconds
        eta(replace(_progress(1, calls), stream=stream, window=window))
    besides = "; streams besides of which nobody knows: 1"
    assert told == [
        f"no quoted call yet{besides}",
        f"40 of about 100 calls, about 0.5 minutes to go{besides}",
        f"50 of about 100 calls, about 0.5 minutes to go{besides}",
    ]


def test_the_marts_of_a_raw_table_are_found_through_every_model_between() -> None:
    def model(name: str, schema: str) -> dict[str, str]:
        return {"name": name, "schema": schema}

    manifest = {
        "sources": {
            "source.o": {"schema": "raw_temu", "name": "orders"},
            "source.f": {"schema": "raw_files", "name": "x"},
        },
        "nodes": {
            "model.stg": model("stg", "staging"),
            "model.fct": model("fct", "marts"),
            "model.mart": model("mart", "marts"),
            "model.other": model("other", "marts"),
        },
        "child_map": {
            "source.o": ["model.stg"],
            "source.f": ["model.other"],
            "model.stg": ["model.fct", "test.not_null"],
            "model.fct": ["model.mart"],
        },
    }
    assert marts_behind(manifest, {"orders", "x"}) == ["fct", "mart"]
