"""Killed anywhere and started again, a sync gives the same tables as one that was never disturbed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connectors.sync.known import CHUNK
from connectors.temu.streams import ORDER_LIST

EXIT_CODE = 77
CRASHING_SYNC = """
import os, sys
from pathlib import Path
import psycopg
from pydantic import SecretStr
from connectors.settings import Settings
from connectors.sync import known, sync_shops
from connectors.temu import streams
from connectors.temu.client import TemuClient

url, data_dir, what, when = sys.argv[1:5]
object.__setattr__(streams.ORDER_LIST, "page_size", 4)
object.__setattr__(streams.ORDER_LIST, "leaf_rows", 8)
known.CHUNK = 5
left = int(when)


def die_at_the_nth(owner, name):
    original = getattr(owner, name)

    def counted(*args, **options):
        global left
        left -= 1
        if left == 0:
            os._exit(77)
        return original(*args, **options)

    setattr(owner, name, counted)


if what == "call":
    die_at_the_nth(TemuClient, "_post")
else:
    die_at_the_nth(psycopg.AsyncCursor, "execute")
    die_at_the_nth(psycopg.AsyncCursor, "copy")
    die_at_the_nth(psycopg.AsyncTransaction, "__aexit__")
settings = Settings(
    _env_file=None, data_dir=Path(data_dir), database_url=SecretStr(url), settle_seconds=0, requests_in_flight=2
)
sync_shops(url, settings=settings, shops=None, streams=None, window=None, run_id="crash", on_event=print)
"""


def _crash(desk, what: str, when: int) -> int:
    command = [sys.executable, "-c", CRASHING_SYNC, desk.url, str(desk.settings.data_dir), what, str(when)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode in (0, EXIT_CODE), done.stderr.decode()[-2000:]
    return done.returncode


@pytest.mark.parametrize(
    ("what", "deaths"),
    [("call", (3, 12)), ("statement", (9, 33)), ("statement", (48, 110))],
)
def test_a_sync_that_is_killed_and_restarted_ends_with_the_same_tables(
    open_desk, what: str, deaths: tuple[int, ...]
) -> None:
    killed, undisturbed = open_desk(only=1), open_desk(only=1)
    codes = [_crash(killed, what, when) for when in deaths]
    assert EXIT_CODE in codes
    assert [event for event in killed.sync() if not hasattr(event, "read")] == []
    undisturbed.sync()
    assert killed.contents() == undisturbed.contents()
    assert killed.query("select stream, watermark from ops.watermarks order by 1") == undisturbed.query(
        "select stream, watermark from ops.watermarks order by 1"
    )
    assert killed.query("select count(*) from ops.sync_tasks where status = 'running'") == [(0,)]


def test_small_leaves_and_chunks_change_nothing_but_the_number_of_commits(open_desk) -> None:
    small, usual = open_desk(only=1), open_desk(only=1)
    assert _crash(small, "call", 10**9) == 0
    usual.sync()
    assert small.contents() == usual.contents()
    assert ORDER_LIST.page_size == 100
    assert CHUNK == 200
