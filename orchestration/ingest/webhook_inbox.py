"""The folder of webhook events: which orders do new files name, and where does each file go afterwards.

Belongs here: reading event files, the ledger `ops.webhook_events`, moving files to `done/` or `rejected/`. No Dagster.
Does not belong here: verifying and decrypting (done before a file is written), reading the orders (`connectors.sync`).
An event is processed at least once and recorded once; reading an order again is harmless.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import psycopg
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connectors.errors import OmniError, TransientError

DONE, REJECTED = "done", "rejected"
KEEP_DONE = timedelta(days=3)
"""A delivery repeated after this long is known by the ledger only; the platform stops repeating after 28 hours."""


class EventData(BaseModel):
    """What every event of the platform says; more fields may come and are ignored here."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    mall_id: Annotated[int, Field(alias="mallId", gt=0, lt=2**63)]
    parent_order_sn: Annotated[str | None, Field(alias="parentOrderSn", pattern=r"^[^\x00]+$")] = None
    case_sn: Annotated[str | None, Field(alias="parentAfterSalesSn", pattern=r"^[^\x00]+$")] = None


class EventFile(BaseModel):
    """One verified event as the webhook door writes it."""

    event_id: Annotated[str, Field(min_length=1)]
    event: Annotated[str, Field(min_length=1)]
    received_at: AwareDatetime
    data: EventData


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event and the file that holds it."""

    path: Path
    event: EventFile


@dataclass(slots=True)
class InboxReport:
    """What one visit of the inbox did. `failures` maps a shop to the error that kept its events waiting or rejected."""

    orders_refreshed: dict[int, list[str]] = field(default_factory=dict)
    done: int = 0
    repeated: int = 0
    rejected: dict[str, str] = field(default_factory=dict)
    failures: dict[str, OmniError] = field(default_factory=dict)


Refresh = Callable[[int, Sequence[str]], object]
"""Reads the named parent orders of a shop (Temu mall id) and stores them; raises an `OmniError` if it cannot."""


def waiting_files(inbox: Path) -> list[Path]:
    """Event files by arrival of name; files still being written do not end in `.json`."""
    return sorted(path for path in inbox.glob("*.json") if path.is_file()) if inbox.is_dir() else []


def process_inbox(database_url: str, inbox: Path, refresh: Refresh, *, run_id: str) -> InboxReport:
    """Refresh the orders that new events name, record the events, put the files away.

    A file that cannot be used is rejected with a reason beside it. A shop whose trouble may pass keeps its files for
    the next visit; permanent trouble rejects them, because asking again would not help and the next scheduled
    read brings the same orders.
    """
    report = InboxReport()
    waiting = [event for path in waiting_files(inbox) if (event := _read(path, report))]
    with psycopg.connect(database_url, autocommit=True) as conn:
        known_shops = {row[0] for row in conn.execute("select temu_shop_id from ops.shops where is_active")}
        fresh = _without_recorded(conn, waiting, report)
        for mall_id, events in _by_shop(fresh).items():
            if mall_id in known_shops:
                _refresh_shop(conn, mall_id, events, refresh, report, run_id)
            else:
                reason = (
                    f"no active shop has the mall id {mall_id}; "
                    "register it with `omni shops add`, or take it up again with `omni shops activate`"
                )
                _reject([event.path for event in events], reason, report)
    _forget_done(inbox / DONE)
    return report


def _forget_done(folder: Path) -> None:
    """The ledger in the database remembers; the folder would grow for ever."""
    oldest = time.time() - KEEP_DONE.total_seconds()
    for entry in os.scandir(folder) if folder.is_dir() else ():
        if entry.stat().st_mtime < oldest:
            Path(entry).unlink(missing_ok=True)


def _read(path: Path, report: InboxReport) -> Waiting | None:
    try:
        return Waiting(path, EventFile.model_validate_json(path.read_bytes()))
    except FileNotFoundError:
        return None  # another visit was faster
    except OSError as error:
        _reject([path], f"cannot be read: {error}", report)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors())
        _reject([path], "not a usable event: " + "; ".join(problems), report)
    return None


def _without_recorded(conn: psycopg.Connection, waiting: Sequence[Waiting], report: InboxReport) -> list[Waiting]:
    ids = [one.event.event_id for one in waiting]
    query = "select event_id from ops.webhook_events where event_id = any(%s) and processed_at is not null"
    recorded = {row[0] for row in conn.execute(query, [ids])}
    fresh = []
    for one in waiting:
        if one.event.event_id in recorded:
            _put_away(one.path, DONE)
            report.repeated += 1
        else:
            fresh.append(one)
    return fresh


def _by_shop(waiting: Iterable[Waiting]) -> Mapping[int, list[Waiting]]:
    grouped: dict[int, list[Waiting]] = defaultdict(list)
    for one in waiting:
        grouped[one.event.data.mall_id].append(one)
    return grouped


def _refresh_shop(
    conn: psycopg.Connection, mall_id: int, events: list[Waiting], refresh: Refresh, report: InboxReport, run_id: str
) -> None:
    named = (one.event.data.parent_order_sn for one in events)
    orders = sorted({order for order in named if order is not None})
    try:
        if orders:
            refresh(mall_id, orders)
    except OmniError as error:
        report.failures[f"shop {mall_id}"] = error
        if not isinstance(error, TransientError):
            _reject([one.path for one in events], str(error), report)
        return
    report.orders_refreshed[mall_id] = orders
    _record(conn, events, run_id)
    for one in events:
        _put_away(one.path, DONE)
    report.done += len(events)


def _record(conn: psycopg.Connection, events: Iterable[Waiting], run_id: str) -> None:
    insert = """
        insert into ops.webhook_events
            (event_id, event_type, temu_shop_id, parent_order_sn, case_sn, received_at, signature_ok, processed_at,
             file_name, run_id)
        values (%s, %s, %s, %s, %s, %s, true, clock_timestamp(), %s, %s)
        on conflict (event_id) do update set processed_at = excluded.processed_at, run_id = excluded.run_id
        where webhook_events.processed_at is null"""
    rows = [
        (
            e.event_id,
            e.event,
            e.data.mall_id,
            e.data.parent_order_sn,
            e.data.case_sn,
            e.received_at,
            one.path.name,
            run_id,
        )
        for one in events
        for e in [one.event]
    ]
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(insert, rows)


def _reject(paths: Iterable[Path], reason: str, report: InboxReport) -> None:
    for path in paths:
        target = _put_away(path, REJECTED)
        target.with_name(target.name + ".reason.txt").write_text(reason + "\n", encoding="utf-8")
        report.rejected[path.name] = reason


def _put_away(path: Path, folder: str) -> Path:
    target = path.parent / folder / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    return path.replace(target)
