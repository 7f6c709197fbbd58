"""Dead letters read once more, after the model or the server learnt to take them: each lands exactly once.

Belongs here: `replay`. A letter is read, stored and closed in one transaction, under its stream's lock; a newer state
that has landed meanwhile stays. What belongs to a replayed record (money, detail) is then read from the platform for
the second of its update, by the usual path. Rows of files are not replayed here: a mended file is a new version.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import psycopg
from psycopg import AsyncConnection

from connectors.postgres.dead_letters import (
    KeptLetter,
    find_letters,
    refuse_letter,
    resolve_letter,
    take_letter,
)
from connectors.postgres.lanes import Lane
from connectors.postgres.load import Loaded, load_records
from connectors.postgres.locks import writer_lock
from connectors.postgres.tables import RAW_TABLES
from connectors.postgres.task_items import TaskItem, log_items
from connectors.postgres.tasks import finish_task, start_task
from connectors.records import RawRecord, Window
from connectors.settings import Settings
from connectors.sync.reports import SyncFailure
from connectors.sync.run import sync_shops
from connectors.sync.session import chosen_shops
from connectors.sync.writers import letters_of
from connectors.temu.entities import Rows
from connectors.temu.lookups import NOT_FOUND
from connectors.temu.streams import STREAMS

Fate = Literal["landed", "refused again", "to be asked", "resolved before", "not replayable"]
TRIED: Collection[Fate] = ("landed", "refused again")
"""Verdicts that are carried out; the others change nothing."""
FILES = "a row of a file: mend the file and drop it into the inbox again"
ASK = "the platform had no answer: it is asked again"
UNKNOWN = "it does not say where it belongs: `omni sync --from … --to …` reads it from the platform again"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a letter. `detail` says how it landed or why not; in a dry run, what would become of it."""

    letter: KeptLetter
    fate: Fate
    detail: str = ""
    updated_at: datetime | None = None

    def __str__(self) -> str:
        key = self.letter.record_key or "unknown key"
        whose = self.letter.shop_name or f"shop {self.letter.shop_id}"
        told = f"letter {self.letter.id} · {whose} · {self.letter.stream} {key}: {self.fate}"
        return f"{told} ({self.detail})" if self.detail else told


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """All letters of a replay, and the shops whose money and detail could not be read afterwards."""

    letters: list[Replayed]
    failures: list[SyncFailure]

    def of(self, fate: Fate) -> list[Replayed]:
        """Letters with this fate."""
        return [one for one in self.letters if one.fate == fate]


def replay(
    database_url: str,
    *,
    settings: Settings,
    run_id: str,
    ids: Collection[int] | None = None,
    shops: Sequence[str] | None = None,
    streams: Sequence[str] | None = None,
    dry_run: bool = False,
    follow: bool = True,
    on_event: Callable[[Replayed], None] = lambda _event: None,
) -> ReplayReport:
    """Read open letters again; None = no restriction. Letters named by `ids` are told even if resolved before.

    `follow` reads afterwards, from the platform, what belongs to the replayed records. ConfigurationError for a shop
    that does not exist; one letter's trouble never stops another.
    """
    shop_ids = None if shops is None else [shop.id for shop in chosen_shops(database_url, shops)]
    with psycopg.connect(database_url) as connection:
        found = find_letters(connection, ids=ids, shop_ids=shop_ids, streams=streams, resolved=ids is not None)
    letters = asyncio.run(_replay_all(database_url, found, run_id, dry_run, on_event))
    failures = [] if dry_run or not follow else _follow(database_url, settings, letters, run_id)
    return ReplayReport(letters, failures)


async def _replay_all(
    database_url: str, letters: Sequence[KeptLetter], run_id: str, dry_run: bool, on_event: Callable[[Replayed], None]
) -> list[Replayed]:
    judged = [judge(letter) for letter in letters]
    tried = [] if dry_run else [one for one in judged if one.fate in TRIED]
    outcomes = [one for one in judged if dry_run or one.fate not in TRIED]
    for outcome in outcomes:
        on_event(outcome)
    async with (
        await AsyncConnection.connect(database_url, autocommit=True, application_name="omni control") as control,
        await AsyncConnection.connect(database_url, autocommit=True, application_name="omni writer") as writer,
    ):
        for (shop_id, stream), some in _by_stream(tried).items():
            async with writer_lock(control, shop_id, stream):
                task = _Task(control, writer, shop_id, stream, run_id, on_event)
                outcomes += await task.try_again(some)
    return outcomes


def _by_stream(judged: Iterable[Replayed]) -> dict[tuple[int, str], list[Replayed]]:
    found: dict[tuple[int, str], list[Replayed]] = defaultdict(list)
    for one in judged:
        found[one.letter.shop_id, one.letter.stream].append(one)
    return found


@dataclass(frozen=True, slots=True)
class _Task:
    """The letters of one stream of one shop, tried under its lock and told in its task row."""

    control: AsyncConnection
    writer: AsyncConnection
    shop_id: int
    stream: str
    run_id: str
    on_event: Callable[[Replayed], None]

    async def try_again(self, judged: Iterable[Replayed]) -> list[Replayed]:
        """What became of them."""
        shop_id, stream, run_id = self.shop_id, self.stream, self.run_id
        task_id = await start_task(
            self.control, shop_id=shop_id, stream=stream, mode="replay", window=None, run_id=run_id
        )
        outcomes: list[Replayed] = []
        failure: Exception | None = None
        try:
            for one in judged:
                outcomes.append(await self._try(one))
                self.on_event(outcomes[-1])
        except Exception as error:
            failure = error
            raise
        finally:
            items = [_item(one) for one in outcomes]
            await log_items(self.control, task_id, run_id=run_id, shop_id=shop_id, stream=stream, items=items)
            await finish_task(self.control, task_id, _counts(outcomes), error=failure)
        return outcomes

    async def _try(self, judged: Replayed) -> Replayed:
        if judged.fate == "landed":
            return await _land(self.writer, judged, self.run_id)
        [first] = rows_of_letter(judged.letter).rejected
        await refuse_letter(self.writer, judged.letter.id, first.reason_code, first.field_path, first.message)
        return judged


def _item(outcome: Replayed) -> TaskItem:
    return TaskItem(
        f"dead letter {outcome.letter.id}", "failed" if outcome.fate == "refused again" else "ok", outcome.detail
    )


def _counts(outcomes: Sequence[Replayed]) -> dict[str, int]:
    details = Counter(one.detail for one in outcomes if one.fate == "landed")
    return {
        "rows_read": len(outcomes),
        "rows_inserted": details["new"],
        "rows_updated": details["changed"],
        "rows_unchanged": details["unchanged"],
        "rows_dead_lettered": sum(one.fate == "refused again" for one in outcomes),
    }


def judge(letter: KeptLetter) -> Replayed:
    """What reading the letter with today's models gives; nothing is stored."""
    if letter.resolved_at is not None:
        return Replayed(letter, "resolved before", letter.resolution or "")
    if letter.stream not in STREAMS:
        return Replayed(letter, "not replayable", FILES)
    if letter.reason_code == NOT_FOUND:
        return Replayed(letter, "to be asked", ASK, letter.origin.at if letter.origin else None)
    if letter.origin is None or letter.origin.at is None:
        return Replayed(letter, "not replayable", UNKNOWN)
    rows = rows_of_letter(letter)
    if rows.rejected:
        [first] = rows.rejected
        return Replayed(letter, "refused again", f"{first.field_path}: {first.message}")
    return Replayed(letter, "landed", "", rows.records[0].source_updated_at)


def rows_of_letter(letter: KeptLetter) -> Rows:
    """The letter's payload as rows of its table. Only for letters that know where they belong."""
    origin = letter.origin
    if origin is None or origin.at is None:
        raise ValueError(f"letter {letter.id} does not say where it belongs")
    stream, payload = STREAMS[letter.stream], letter.payload.encode()
    read = [
        entity.rows([payload], at=origin.at, prefix=origin.prefix, extra=origin.extra)
        for entity in stream.entities_of(origin.entity)
    ]
    # Gateways word the same record differently: the first model that can read it is the one that it was written for.
    return next((rows for rows in read if not rows.rejected), read[0])


async def _land(conn: AsyncConnection, judged: Replayed, run_id: str) -> Replayed:
    """Store and close in one transaction; a letter that somebody was faster with is left alone."""
    letter = judged.letter
    async with conn.transaction():
        if not await take_letter(conn, letter.id):
            return Replayed(letter, "resolved before")
        loaded = await _load(conn, letter, run_id)
        refused = letters_of(letter.stream, [], loaded)
        if refused:
            await refuse_letter(conn, letter.id, refused[0].reason_code, "", refused[0].message)
            return Replayed(letter, "refused again", refused[0].message)
        how = _verdict(loaded)
        await resolve_letter(conn, letter.id, f"replayed by run {run_id}: {how}")
    return replace(judged, detail=how)


async def _load(conn: AsyncConnection, letter: KeptLetter, run_id: str) -> dict[str, Loaded]:
    """The record, and its dated copy where its table keeps one."""
    return {
        table: await load_records(conn, RAW_TABLES[table], records, shop_id=letter.shop_id, run_id=run_id)
        for table, records in _records(letter).items()
    }


def _records(letter: KeptLetter) -> Mapping[str, list[RawRecord]]:
    stream, rows = STREAMS[letter.stream], rows_of_letter(letter)
    records = {str(letter.entity): rows.records}
    for copy in stream.entities:
        is_copy = copy.dated and copy.table != letter.entity
        if is_copy and letter.entity == stream.entities[0].table and letter.origin and letter.origin.at:
            records[copy.table] = copy.rows([rows.records[0].payload], at=letter.origin.at).records
    return records


def _verdict(loaded: Mapping[str, Loaded]) -> str:
    counts = next(iter(loaded.values()))
    verdicts = {"new": counts.inserted, "changed": counts.updated, "unchanged": counts.unchanged}
    return next((name for name, count in verdicts.items() if count), "older than what is stored")


def _follow(database_url: str, settings: Settings, letters: Iterable[Replayed], run_id: str) -> list[SyncFailure]:
    """Read the seconds in which replayed records were updated, with everything that belongs to them."""
    instants: dict[int, set[datetime]] = defaultdict(set)
    for one in letters:
        by_day = one.letter.stream in STREAMS and STREAMS[one.letter.stream].partitioning == "shop_day"
        if one.updated_at and by_day and one.fate in ("landed", "to be asked"):
            instants[one.letter.shop_id].add(one.updated_at)
    by_day_streams = [stream.name for stream in STREAMS.values() if stream.partitioning == "shop_day"]
    failures: list[SyncFailure] = []
    for shop_id, updates in instants.items():
        for window in windows_around(updates):
            outcomes = sync_shops(
                database_url,
                settings=settings,
                shops=[shop_id],
                streams=by_day_streams,
                window=window,
                run_id=run_id,
                on_event=lambda _event: None,
                lane=Lane.RECONCILE,
            )
            failures += [event for event in outcomes if isinstance(event, SyncFailure)]
    return failures


def windows_around(instants: Iterable[datetime]) -> list[Window]:
    """One window per UTC day that holds every instant of the day, whole seconds, oldest first."""
    by_day: dict[date, list[datetime]] = defaultdict(list)
    for instant in instants:
        by_day[instant.astimezone(UTC).date()].append(instant.replace(microsecond=0))
    return [Window(min(some), max(some) + timedelta(seconds=1)) for _, some in sorted(by_day.items())]
