"""`omni backfill`: progress by quoted calls, and the marts that change."""

from __future__ import annotations

from connectors.sync import StreamQuote, SyncProgress
from orchestration.cli.backfill import Eta
from orchestration.lineage import marts_behind


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
