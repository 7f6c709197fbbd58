"""`omni dead-letters` and `omni recount` as an operator types them."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import pytest
from psycopg import AsyncConnection
from typer.testing import CliRunner

from connectors.errors import ConfigurationError
from connectors.postgres.dead_letters import DeadLetter, keep_dead_letters
from connectors.records import Origin, Window
from orchestration.cli.app import app
from tests.orchestration.registered import Registered

ORDER = (
    b'{"parentOrderMap":{"parentOrderSn":"PO-211-1","updateTime":1777593600,"parentOrderStatus":2},'
    b'"orderList":[{"orderSn":"211-1"}]}'
)


@pytest.fixture
def letter(registered: Registered) -> int:
    """One letter of the first shop that today's models can read."""
    at = datetime(2026, 5, 1, tzinfo=UTC)
    origin = Origin("orders", at, record_key="PO-211-1", page=3)
    kept = DeadLetter("missing", "parentOrderMap.x", "Field required", ORDER, origin)

    async def keep() -> None:
        async with await AsyncConnection.connect(registered.url) as connection:
            await keep_dead_letters(
                connection, [kept], shop_id=registered.shops[0].id, stream="orders", run_id="run-7",
                window=Window.of_day(at.date()),
            )  # fmt: skip

    asyncio.run(keep())
    [(number,)] = registered.rows("select id from ops.dead_letters")
    return number


def omni(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "220"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_a_letter_is_listed_shown_replayed_once_and_told_so(registered: Registered, letter: int) -> None:
    assert "PO-211-1" in omni("dead-letters", "list", "--shop", registered.names[0])[1]
    shown = omni("dead-letters", "show", str(letter))[1]
    for fact in ("Field required", "parentOrderMap.x", "run-7", '"orderSn": "211-1"', "2026-05-01"):
        assert fact in shown
    assert re.search(r"page\s+│?\s*3\b", shown)
    assert "Would be replayed" in omni("dead-letters", "replay", "--all", "--dry-run")[1]
    assert registered.rows("select count(*) from raw_temu.orders") == [(0,)]
    code, told = omni("dead-letters", "replay", str(letter), "--no-follow")
    assert (code, "landed" in told) == (0, True)
    assert registered.rows("select parent_order_sn, run_id like 'cli-%%' from raw_temu.orders") == [("PO-211-1", True)]
    assert "resolved before" in omni("dead-letters", "replay", str(letter), "--no-follow")[1]
    assert "PO-211-1" not in omni("dead-letters", "list")[1]
    assert "replayed by run" in omni("dead-letters", "list", "--resolved")[1]


def test_replay_wants_a_choice_and_show_a_letter_that_exists(registered: Registered) -> None:
    with pytest.raises(ConfigurationError, match="--all"):
        omni("dead-letters", "replay")
    with pytest.raises(ConfigurationError, match="no dead letter 4711"):
        omni("dead-letters", "show", "4711")


def test_a_letter_can_be_closed_with_a_reason(registered: Registered, letter: int) -> None:
    assert "1 letters closed" in omni("dead-letters", "close", str(letter), "--reason", "a rehearsal")[1]
    assert "closed by hand: a rehearsal" in omni("dead-letters", "show", str(letter))[1]


def test_a_recount_tells_its_cost_first_and_then_counts(registered: Registered) -> None:
    quoted = omni("recount", "--dry-run", "--from", "2026-11-01", "--to", "2026-11-10")[1]
    assert registered.names[0] in quoted
    assert " 21 " in quoted  # orders and cases of ten days, and one call for the clock
    assert registered.rows("select count(*) from ops.platform_counts") == [(0,)]
    code, told = omni("recount", "--shop", registered.names[0])
    assert code == 0
    assert "found now" in told
    assert registered.rows("select count(*) from ops.platform_counts") == [(14,)]
