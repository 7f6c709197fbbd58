"""`omni backfill`: progress by quoted calls, and the marts that change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from connectors.errors import ConfigurationError
from connectors.sync import StreamQuote, SyncProgress
from orchestration.cli.app import app
from orchestration.cli.backfill import Eta
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
    assert "marts change" in told or "Which marts change" in told
    assert registered.rows("select count(*) from raw_temu.orders") == [(0,)]
    code, told = omni("backfill", "run", *choice)
    assert code == 0
    assert f"{registered.names[0]} · orders:" in told
    assert registered.rows("select count(*) > 0 from raw_temu.orders") == [(True,)]
    assert registered.rows("select * from ops.watermarks") == []
    assert "history" in omni("backfill", "quote", *choice)[1]


def test_a_window_that_ends_before_it_starts_is_refused(registered: Registered) -> None:
    with pytest.raises(ConfigurationError, match="swap --from and --to"):
        omni("backfill", "quote", "--from", "2026-05-02", "--to", "2026-05-01")


def _progress(shop: int, calls: int) -> SyncProgress:
    return SyncProgress(
        shop_id=shop, shop_name="Acme", stream="orders", window=None, calls=calls, read=0, inserted=0, updated=0
    )


def test_progress_tells_the_time_to_the_end_at_the_pace_so_far() -> None:
    told: list[str] = []
    now = [0.0]
    quotes = [StreamQuote("Acme", "key", name, "history", 100, 1) for name in ("orders", "order_amounts")]
    eta = Eta(quotes, told.append, clock=lambda: now[0])
    for seconds, shop, calls in ((1, 1, 10), (60, 1, 30), (61, 2, 10), (120, 2, 70), (180, 1, 300)):
        now[0] = seconds
        eta(_progress(shop, calls))
    assert told == [
        "30 of about 200 calls, about 5.7 minutes to go",
        "100 of about 200 calls, about 2.0 minutes to go",
        "370 calls, more than the 200 quoted",
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
