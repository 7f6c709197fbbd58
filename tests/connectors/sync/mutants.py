"""Records as no platform ever sent them: the sample answers, spoilt in every way that one can think of.

Belongs here: which samples belong to which kind of record, and what may be done to them. One seed = the same mutants.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from connectors.postgres.tables import RAW_TABLES, Kind
from connectors.temu.entities import Entity
from connectors.temu.streams import STREAMS, Batch, ByCatalogue, ByOrder, ByWindow, Listing, Lookup, Stream
from connectors.temu.streams.questions import ByIds, ByLocalDay, IdQuery

FIXTURES = Path(__file__).parents[2] / "fixtures" / "temu"
NEW_FIELD = "fieldOfTheFuture"
KNOWN: dict[Kind, object] = {"bigint": 7, "integer": 211, "text": "PO-211-1", "date": date(2026, 1, 1)}
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 77, 2**15, -(2**15) - 1, 2**31, 2**63 - 1, 2**63, 2**64, 10**30, 1.5, -0.0, 1e308,
    253_402_300_800, 253_402_300_799_001, "", "x", "0", "12.50", "１２", "\x00", "a\u0000b", "未来 ☕", "\ud800",
    "x" * 5000, [], {}, [[]], [None], [{}], {"": None}, {"a": {"b": [1, {"c": None}]}},
]  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A record as documented, and the kind of record that it is."""

    stream: str
    entity: Entity
    record: Any

    @property
    def led_by(self) -> tuple[object, ...]:
        """What a question would know of the key, if the record alone does not say it all."""
        own = len(self.entity.key) + self.entity.dated
        kinds = list(RAW_TABLES[self.entity.table].key.values())
        return tuple(KNOWN[kind] for kind in kinds[: len(kinds) - own])

    @property
    def followed_by(self) -> tuple[object, ...]:
        """The same for typed columns."""
        kinds = list(RAW_TABLES[self.entity.table].columns.values())
        return tuple(KNOWN[kind] for kind in kinds[len(self.entity.columns) :])


@cache
def samples() -> list[Sample]:
    """Every record of every sample answer that some stream reads."""
    return [one for stream in STREAMS.values() for one in _of_stream(stream)]


def _of_stream(stream: Stream) -> Iterator[Sample]:
    for part in _parts(stream.reading):
        for file in sorted(FIXTURES.glob(f"{part.api_type}*.json")):
            result = json.loads(file.read_text()).get("result")
            for record in _records(part, result):
                yield Sample(stream.name, part.entity, record)


def _parts(reading: object) -> list[Any]:
    match reading:
        case ByWindow():
            return [one for one in (reading.listing, reading.lookup) if one]
        case ByOrder():
            lookup = reading.lookup
            return [lookup.listing if isinstance(lookup, Batch) else lookup]
        case ByCatalogue():
            return [one for one in (reading.listing, reading.children) if one]
        case ByIds():
            return [reading.ask]
        case ByLocalDay():
            return [reading]
    return []


def _records(part: object, result: Any) -> list[Any]:
    if isinstance(part, Listing):
        found = result.get(part.rows_word) if part.rows_word and isinstance(result, dict) else result
        return found or []
    if isinstance(part, IdQuery) and part.rows_path:
        found = [result]
        for word in part.rows_path:
            found = [row for one in found if isinstance(one, dict) for row in one.get(word) or []]
        return found
    return [result] if isinstance(part, Lookup | IdQuery | ByLocalDay) and isinstance(result, dict) else []


def mutants(dice: Random, count: int) -> Iterator[tuple[Sample, bytes]]:
    """Samples with the bytes that are sent instead of them."""
    for _ in range(count):
        sample = dice.choice(samples())
        yield sample, _bytes(dice, _spoilt(dice, deepcopy(sample.record)))


def _spoilt(dice: Random, record: Any) -> Any:
    for _ in range(dice.randint(1, 4)):
        owner, name = dice.choice(list(_places(record)))
        what = dice.random()
        if what < 0.15 and isinstance(owner, dict):
            owner[NEW_FIELD] = _value(dice)
        elif what < 0.3 and isinstance(owner, dict):
            owner.pop(name, None)
        elif what < 0.4 and isinstance(owner, list):
            owner.append(deepcopy(owner[0]) if owner else None)
        elif name is not None:
            owner[name] = _value(dice)
    return record if dice.random() > 0.02 else _value(dice)


def _value(dice: Random) -> Any:
    return deepcopy(dice.choice(VALUES))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with every name or index in it."""
    yield value, None
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield value, name
        if isinstance(one, dict | list):
            yield from _places(one)


def _bytes(dice: Random, record: Any) -> bytes:
    text = json.dumps(record, ensure_ascii=dice.random() < 0.5).encode(errors="surrogatepass")
    what = dice.random()
    if what < 0.03:
        return text[: dice.randrange(len(text) + 1)]
    if what < 0.06:
        at = dice.randrange(len(text))
        return text[:at] + bytes([dice.randrange(256)]) + text[at + 1 :]
    if what < 0.08 and text.startswith(b"{") and len(text) > 2:
        return text[:-1] + b"," + text[1:]  # every name twice
    if what < 0.09:
        return b'{"deep": ' + b"[" * 3000 + b"]" * 3000 + b"}"
    return text
