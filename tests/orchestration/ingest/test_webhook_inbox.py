"""The webhook inbox: what happens to event files, and that an event is processed once."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from connectors.errors import ShopAuthError, TransientError
from orchestration.ingest.webhook_inbox import process_inbox, waiting_files

MALL, OTHER_MALL = 634418210000001, 634418210000002


class Refreshes:
    """Remembers what was asked for; raises what it was told to raise for a shop."""

    def __init__(self, **troubles: Exception) -> None:
        self.asked: list[tuple[int, list[str]]] = []
        self.troubles = {int(mall.removeprefix("m")): error for mall, error in troubles.items()}

    def __call__(self, mall_id: int, orders: Sequence[str]) -> None:
        self.asked.append((mall_id, list(orders)))
        if mall_id in self.troubles:
            raise self.troubles[mall_id]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "webhooks"
    folder.mkdir()
    return folder


@pytest.fixture
def shops_url(database_url: str) -> str:
    with psycopg.connect(database_url) as conn:
        for mall in (MALL, OTHER_MALL):
            conn.execute(
                "insert into ops.shops (temu_shop_id, shop_name, region, gateway, app_key)"
                " values (%s, %s, 'US', 'US', 'k')",
                [mall, f"Shop {mall}"],
            )
    return database_url


def put_event(inbox: Path, event_id: str, mall: int = MALL, order: str | None = "PO-1") -> Path:
    data = {"mallId": mall, "parentOrderSn": order, "orderStatus": 4, "updateTime": 1767225600}
    event = {
        "event_id": event_id,
        "event": "bg_order_status_change_event",
        "received_at": "2026-11-02T10:00:00Z",
        "data": {name: value for name, value in data.items() if value is not None},
    }
    path = inbox / f"{event_id}.json"
    path.write_text(json.dumps(event))
    return path


def ledger(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        columns = "event_id, temu_shop_id, parent_order_sn, processed_at is not null"
        query = f"select {columns} from ops.webhook_events order by 1"
        return conn.execute(query).fetchall()


def test_new_events_refresh_each_named_order_once_and_are_recorded(inbox: Path, shops_url: str) -> None:
    for number, order in enumerate(["PO-2", "PO-1", "PO-2"]):
        put_event(inbox, f"e{number}", order=order)
    refreshes = Refreshes()
    report = process_inbox(shops_url, inbox, refreshes, run_id="r1")
    assert refreshes.asked == [(MALL, ["PO-1", "PO-2"])]
    assert report.done == 3
    assert [row[0] for row in ledger(shops_url)] == ["e0", "e1", "e2"]
    assert waiting_files(inbox) == []
    assert len(list((inbox / "done").iterdir())) == 3


def test_an_event_that_was_processed_before_asks_for_nothing(inbox: Path, shops_url: str) -> None:
    put_event(inbox, "e1")
    process_inbox(shops_url, inbox, Refreshes(), run_id="r1")
    put_event(inbox, "e1")
    refreshes = Refreshes()
    report = process_inbox(shops_url, inbox, refreshes, run_id="r2")
    assert refreshes.asked == []
    assert report.repeated == 1
    assert waiting_files(inbox) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{not json", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"event_id": "e", "event": "x", "received_at": "2026-11-02T10:00:00Z", "data": {}}', "data.mallId"),
        ('{"event_id": "e", "event": "x", "received_at": "2026-11-02", "data": {"mallId": 1}}', "received_at"),
    ],
)
def test_a_malformed_file_is_rejected_with_a_reason_and_blocks_nobody(
    inbox: Path, shops_url: str, text: str, words: str
) -> None:
    (inbox / "a-broken.json").write_text(text)
    put_event(inbox, "good")
    refreshes = Refreshes()
    report = process_inbox(shops_url, inbox, refreshes, run_id="r1")
    assert refreshes.asked == [(MALL, ["PO-1"])]
    assert list(report.rejected) == ["a-broken.json"]
    assert words in (inbox / "rejected" / "a-broken.json.reason.txt").read_text()
    assert waiting_files(inbox) == []


def test_a_file_that_is_still_being_written_waits(inbox: Path, shops_url: str) -> None:
    (inbox / "e1.json.tmp").write_text("{")
    process_inbox(shops_url, inbox, Refreshes(), run_id="r1")
    assert (inbox / "e1.json.tmp").exists()


def test_trouble_that_may_pass_keeps_the_files_of_this_shop_only(inbox: Path, shops_url: str) -> None:
    kept = put_event(inbox, "e1", mall=MALL)
    put_event(inbox, "e2", mall=OTHER_MALL)
    troubled = Refreshes(**{f"m{MALL}": TransientError("gateway busy")})
    report = process_inbox(shops_url, inbox, troubled, run_id="r1")
    assert list(report.failures) == [f"shop {MALL}"]
    assert waiting_files(inbox) == [kept]
    assert [row[0] for row in ledger(shops_url)] == ["e2"]
    process_inbox(shops_url, inbox, Refreshes(), run_id="r2")
    assert [row[0] for row in ledger(shops_url)] == ["e1", "e2"]


def test_permanent_trouble_rejects_the_files_so_that_nothing_asks_again(inbox: Path, shops_url: str) -> None:
    put_event(inbox, "e1")
    error = ShopAuthError("token expired", remedy="authorise the shop again")
    process_inbox(shops_url, inbox, Refreshes(**{f"m{MALL}": error}), run_id="r1")
    assert waiting_files(inbox) == []
    assert "authorise the shop again" in (inbox / "rejected" / "e1.json.reason.txt").read_text()


def test_an_event_of_an_unknown_shop_is_rejected_with_the_remedy(inbox: Path, shops_url: str) -> None:
    put_event(inbox, "e1", mall=777)
    refreshes = Refreshes()
    process_inbox(shops_url, inbox, refreshes, run_id="r1")
    assert refreshes.asked == []
    assert "omni shops add" in (inbox / "rejected" / "e1.json.reason.txt").read_text()


def test_an_event_that_names_no_order_is_recorded_and_asks_for_nothing(inbox: Path, shops_url: str) -> None:
    put_event(inbox, "e1", order=None)
    refreshes = Refreshes()
    process_inbox(shops_url, inbox, refreshes, run_id="r1")
    assert refreshes.asked == []
    assert ledger(shops_url) == [("e1", MALL, None, True)]


def test_processed_events_are_recorded_as_verified_with_their_case(inbox: Path, shops_url: str) -> None:
    path = put_event(inbox, "e1")
    event = json.loads(path.read_text())
    event["data"]["parentAfterSalesSn"] = "PA-1"
    path.write_text(json.dumps(event))
    process_inbox(shops_url, inbox, Refreshes(), run_id="r1")
    with psycopg.connect(shops_url) as conn:
        assert conn.execute("select signature_ok, case_sn, reason from ops.webhook_events").fetchall() == [
            (True, "PA-1", None)
        ]


def test_files_that_were_done_days_ago_are_swept_away(inbox: Path, shops_url: str) -> None:
    for name in ("old", "young"):
        put_event(inbox, name)
    process_inbox(shops_url, inbox, Refreshes(), run_id="r1")
    days_ago = time.time() - 4 * 86_400
    os.utime(inbox / "done" / "old.json", (days_ago, days_ago))
    report = process_inbox(shops_url, inbox, Refreshes(), run_id="r2")
    assert [path.name for path in (inbox / "done").iterdir()] == ["young.json"]
    put_event(inbox, "old")
    assert process_inbox(shops_url, inbox, Refreshes(), run_id="r3").repeated == 1
    assert report.repeated == 0
