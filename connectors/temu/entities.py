"""How one kind of API record becomes one kind of raw row: table, key, typed columns, source update time.

Belongs here: `Entity` and the builder of `RawRecord`s. Which entities exist is said in `streams`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from hashlib import sha256
from operator import attrgetter
from typing import Any

import msgspec
from pydantic.alias_generators import to_camel

from connectors.records import Origin, RawRecord, Sighting, key_text
from connectors.temu.decoding import RecordDecoder, Rejected
from connectors.temu.models.fields import Record
from connectors.temu.privacy import UNREADABLE


class Instant(str):
    """Path of a field that holds an epoch; its column is a timestamp."""

    __slots__ = ()


@dataclass(frozen=True)
class Entity:
    """A record type. Paths are attributes of `model`; `cursor` None = the source has no update time, ours is used.

    Several cursors: the latest of those that are known. `numbered`: key texts become numbers.
    `key` and `columns` follow the table's order. `dated` appends the UTC day of the read to the key.
    """

    table: str
    model: type[Record]
    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    cursor: str | tuple[str, ...] | None = None
    dated: bool = False
    numbered: bool = False

    @cached_property
    def _decoder(self) -> RecordDecoder:
        return RecordDecoder(self.model)

    @property
    def _cursors(self) -> tuple[str, ...]:
        if isinstance(self.cursor, tuple):
            return self.cursor
        return (self.cursor,) if self.cursor else ()

    @cached_property
    def _fields(self) -> Any:
        paths = (*self.key, *self.columns, *self._cursors)
        return _getter(paths)

    @cached_property
    def _instants(self) -> tuple[int, ...]:
        return tuple(index for index, path in enumerate(self.columns) if isinstance(path, Instant))

    def rows(
        self,
        payloads: Iterable[bytes],
        *,
        at: datetime,
        prefix: tuple[object, ...] = (),
        extra: tuple[object, ...] = (),
        page: int | None = None,
    ) -> Rows:
        """Raw records of `payloads`. `at` is used where the source has no update time; `prefix` leads every key and
        `extra` follows the typed columns, for what is known from the request instead of the answer; so is `page`."""
        built = Rows()
        decode, fields, keys, cursors = self._decoder.decode, self._fields, len(self.key), len(self._cursors)
        suffix: tuple[date, ...] = (at.astimezone(UTC).date(),) if self.dated else ()
        for source in payloads:
            record, payload = decode(source)
            if type(record) is Rejected:
                origin = replace(self.origin(payload, at=at, prefix=prefix, extra=extra), page=page)
                built.rejected.append(replace(record, origin=origin))
                continue
            values = fields(record)
            updated = at
            if cursors == 1:
                updated, values = instant(values[-1]), values[:-1]
            elif cursors:
                updated, values = _latest(values[-cursors:]) or at, values[:-cursors]
            key = tuple(map(number_of, values[:keys])) if self.numbered else values[:keys]
            columns = self._columns(values[keys:])
            built.records.append(RawRecord(prefix + key + suffix, columns + extra, updated, payload))
        return built

    def origin(
        self, payload: bytes, *, at: datetime, prefix: tuple[object, ...] = (), extra: tuple[object, ...] = ()
    ) -> Origin:
        """Where a payload belongs that cannot be typed or stored; arguments as for `rows`."""
        key = [*prefix, *self._key_in(payload)]
        return Origin(self.table, at, prefix, extra, None if None in key else key_text(key))

    def _key_in(self, payload: bytes) -> list[object]:
        """The key's values in a payload that was not typed, None for those that it does not hold."""
        spell = to_camel if self.model.model_config.get("alias_generator") else str
        paths = [".".join(spell(name) for name in path.split(".")) for path in self.key]
        values = _values_at(payload, paths)
        return [number_of(str(one)) if self.numbered and one is not None else one for one in values]

    def origin_of(self, record: RawRecord) -> Origin:
        """The same for a record that was typed."""
        own = len(self.key) + self.dated
        prefix = record.key[: len(record.key) - own]
        extra = record.columns[len(self.columns) :]
        return Origin(self.table, record.source_updated_at, prefix, extra, key_text(record.key))

    def _columns(self, values: tuple[Any, ...]) -> tuple[object, ...]:
        if not self._instants:
            return values
        columns = list(values)
        for index in self._instants:
            if columns[index] is not None:
                columns[index] = instant(columns[index])
        return tuple(columns)


@dataclass(slots=True)
class Rows:
    """What a list of payloads became: rows to land, records to set aside, and those that are stored as they came."""

    records: list[RawRecord] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    sighted: list[Sighting] = field(default_factory=list)

    def add(self, other: Rows) -> None:
        """Take in what another list became."""
        self.records += other.records
        self.rejected += other.rejected
        self.sighted += other.sighted

    def updates(self) -> Iterator[datetime]:
        """Update times of everything that is or will be stored."""
        yield from (record.source_updated_at for record in self.records)
        yield from (sighting.source_updated_at for sighting in self.sighted)


def number_of(text: str) -> int:
    """A text id as the number that keys its row: itself if it is one, else 62 bits of its hash, the same for ever."""
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> 2


def _latest(epochs: tuple[int | None, ...]) -> datetime | None:
    known = [epoch for epoch in epochs if epoch]
    return instant(max(known)) if known else None


def instant(epoch: int) -> datetime:
    """UTC instant of an epoch in seconds; more than eleven digits are milliseconds (API reference §3.3)."""
    return datetime.fromtimestamp(epoch if epoch < 100_000_000_000 else epoch / 1000, UTC)


def instant_if_any(epoch: object) -> datetime | None:
    """The same of whatever was said, None if that is no instant of our calendar: nothing may fail over it."""
    try:
        return instant(epoch) if isinstance(epoch, int) and epoch > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _values_at(payload: bytes, paths: Iterable[str]) -> Iterator[object]:
    """What a payload holds at these paths of wire names, None where it is not even JSON."""
    try:
        whole = msgspec.json.decode(payload)
    except UNREADABLE:
        whole = None
    for path in paths:
        value = whole
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        yield value if isinstance(value, str | int) else None


def _getter(paths: tuple[str, ...]) -> Any:
    """`attrgetter` that always gives a tuple."""
    if not paths:
        return lambda _record: ()
    get = attrgetter(*paths)
    return get if len(paths) > 1 else lambda record: (get(record),)
