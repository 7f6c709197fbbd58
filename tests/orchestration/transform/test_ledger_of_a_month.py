"""The ledger of a month in which cases were opened, closed and returned: it balances in every stream."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from connectors.completeness.ledger import Cause
from connectors.sandbox.sandbox import Options, Sandbox
from connectors.sandbox.server import serving_in_thread
from orchestration.transform.ledger_counts import read_ledger
from tests.orchestration.transform.conftest import STREAMS, TODAY, load_and_build

EVERY = [*STREAMS, "after_sales_lines", "return_parcels", "products"]


def test_a_month_is_accounted_for_in_every_stream_that_follows_orders_or_cases(postgres_server, tmp_path: Path) -> None:
    url = postgres_server.create_database()
    settings = postgres_server.settings_for(url, tmp_path / "data", history_days=40)
    sandbox = Sandbox(Options(tmp_path / "sandbox", quota=0, days=35, orders_per_day=6))
    with serving_in_thread(sandbox) as gateway_url:
        load_and_build(url, settings, gateway_url, tmp_path, EVERY)
    lines = read_ledger(url, first=TODAY - timedelta(days=30), last=TODAY + timedelta(days=2))
    assert [str(one) for one in lines if not one.balances] == []
    landed, shown, causes = Counter[str](), Counter[str](), Counter[Cause]()
    for one in lines:
        landed[one.stream] += one.landed
        shown[one.stream] += one.mart or 0
        causes.update(one.causes)
    assert all(landed[stream] for stream in (*EVERY[:-1], "order_lines"))
    assert all(shown[stream] for stream in ("orders", "order_lines", "after_sales"))
    assert causes[Cause.NOT_COMPLETED]
    assert causes[Cause.FORBIDDEN]
    postgres_server.drop_database(url)
