"""Killed anywhere and started again, a sync gives the same tables as one that was never disturbed.

A run of the suite dies at some points; `OMNI_TEST_THOROUGH=1` at every call and every statement of a sync in turn.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from connectors.sync import SyncFailure
from connectors.sync.known import CHUNK
from connectors.temu.streams import ORDER_LIST
from tests.connectors.sync.nursery import KILLED
from tests.thorough import some_of

pytestmark = pytest.mark.thorough

AD_REPORTS = ["temu.searchrec.ad.reports.mall.query", "temu.searchrec.ad.reports.goods.query"]
NEVER = 10**9
MARKS = "select shop_id, stream, watermark from ops.watermarks order by 1, 2"


@pytest.fixture
def world() -> dict[str, float]:
    """Enough for every way of reading, and no more: a proof dies hundreds of times."""
    return {"days": 3, "orders_per_day": 2}


@pytest.fixture(autouse=True)
def _no_reports_of_ads(gateway) -> None:
    """They are asked for day by day, thirty days back: sixty more points that are all alike."""
    shop = gateway.sandbox.world.shops[0]
    gateway.sandbox.tokens.grant_types(shop, AD_REPORTS, revoke=True)


@dataclass
class Nursery:
    """The process that gives birth to syncs which are killed."""

    process: subprocess.Popen[str]

    def sync(self, desk, what: str, when: int) -> dict[str, int]:
        """A first sync of the desk, killed at the `when`-th call or statement: its exit code, how far it came."""
        task = {"url": desk.url, "data_dir": str(desk.settings.data_dir), "what": what, "when": when}
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    command = [sys.executable, "-m", "tests.connectors.sync.nursery"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        yield Nursery(process)
        process.stdin.close()


@pytest.mark.parametrize(("what", "usual"), [("call", 3), ("statement", 6)])
def test_a_sync_that_is_killed_and_restarted_ends_with_the_same_tables(
    open_desk, nursery: Nursery, capsys, what: str, usual: int
) -> None:
    undisturbed = open_desk(only=1)
    whole = nursery.sync(undisturbed, what, NEVER)
    assert whole["code"] == 0
    for number, when in enumerate(points := some_of(range(1, whole["reached"] + 1), usual), 1):
        killed = open_desk(only=1)
        code = nursery.sync(killed, what, when)["code"]
        # How many statements there are depends on which of two connections is faster.
        assert code == KILLED or (code == 0 and when > whole["reached"] - 10)
        _is_like_undisturbed(killed, undisturbed, when)
        killed.drop()
        if number == len(points) or number % 20 == 0:
            with capsys.disabled():
                sys.stdout.write(f" killed at {number} of {whole['reached']} {what}s ")
                sys.stdout.flush()


def test_a_sync_has_hundreds_of_points_to_die_at(open_desk, nursery: Nursery) -> None:
    points = [nursery.sync(open_desk(only=1), what, NEVER)["reached"] for what in ("call", "statement")]
    assert sum(points) >= 300, points


def _is_like_undisturbed(killed, undisturbed, when: int) -> None:
    """After one more sync, which must go well."""
    assert [event for event in killed.sync() if isinstance(event, SyncFailure)] == [], when
    assert killed.contents() == undisturbed.contents(), when
    assert killed.query(MARKS) == undisturbed.query(MARKS), when
    assert killed.query("select count(*) from ops.sync_tasks where status = 'running'") == [(0,)], when


def test_a_sync_that_is_killed_again_and_again_ends_with_the_same_tables(open_desk, nursery: Nursery) -> None:
    killed, undisturbed = open_desk(only=1), open_desk(only=1)
    for when in (9, 48, 33, 70):
        assert nursery.sync(killed, "statement", when)["code"] == KILLED
    killed.sync()
    undisturbed.sync()
    assert killed.contents() == undisturbed.contents()
    assert killed.query(MARKS) == undisturbed.query(MARKS)


def test_small_leaves_and_chunks_change_nothing_but_the_number_of_commits(open_desk, nursery: Nursery) -> None:
    small, usual = open_desk(only=1), open_desk(only=1)
    assert nursery.sync(small, "call", NEVER)["code"] == 0
    usual.sync()
    assert small.contents() == usual.contents()
    assert ORDER_LIST.page_size == 100
    assert CHUNK == 200
