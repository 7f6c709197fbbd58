"""Rows in Postgres' binary COPY format, built by hand because this is the busiest loop of the whole pipeline.

Belongs here: one packer per wire type, the payload's fingerprint, and the concatenation of a row. Binary beats text
here: the payload travels as it came, without escaping on our side and unescaping on the server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from struct import Struct
from typing import Any

from connectors.postgres.tables import Kind, RawTable
from connectors.records import RawRecord

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY_ZERO = date(2000, 1, 1)
_MICROSECOND = timedelta(microseconds=1)

_length = Struct("!i").pack
_int2 = Struct("!ih").pack
_int4 = Struct("!ii").pack
_int8 = Struct("!iq").pack
_field_count = Struct("!h").pack
_HASH_LENGTH = _length(16)


def _text(value: str) -> bytes:
    data = value.encode()
    return _length(len(data)) + data


def _timestamp(value: datetime) -> bytes:
    return _int8(8, (value - _EPOCH) // _MICROSECOND)


def _numeric(value: Decimal) -> bytes:
    """Base-10000 digits around the decimal point, as numeric_recv reads them; the scale is kept. NaN is no amount."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return _NULL
    scale = max(-exponent, 0)
    text = "".join(map(str, digits)) + "0" * max(exponent, 0)
    whole, fraction = (text[:-scale].rjust(1, "0"), text[-scale:].rjust(scale, "0")) if scale else (text, "")
    whole = whole.zfill(-(-len(whole) // 4) * 4)
    fraction = fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [int((whole + fraction)[at : at + 4]) for at in range(0, len(whole + fraction), 4)]
    head = Struct("!hhHh").pack(len(groups), len(whole) // 4 - 1, 0x4000 if sign else 0, scale)
    data = head + b"".join(group.to_bytes(2, "big") for group in groups)
    return _length(len(data)) + data


PACKERS: Mapping[Kind, Callable[[Any], bytes]] = {
    "smallint": lambda value: _int2(2, value),
    "integer": lambda value: _int4(4, value),
    "bigint": lambda value: _int8(8, value),
    "text": _text,
    "numeric": _numeric,
    "date": lambda value: _int4(4, (value - _DAY_ZERO).days),
    "timestamptz": _timestamp,
    "bytea": lambda value: _length(len(value)) + value,
}


def fingerprint(payload: bytes) -> bytes:
    """What tells payloads apart: half of SHA-256, which common processors compute faster than any other digest."""
    return sha256(payload, usedforsecurity=False).digest()[:16]


class RowPacker:
    """Packs rows of one table, shop and run; what all of them share is packed once."""

    def __init__(self, table: RawTable, *, shop_id: int, run_id: str) -> None:
        self._first = _field_count(len(table.wire)) + PACKERS["bigint"](shop_id)
        self._last = _text(run_id)
        self._typed = [PACKERS[kind] for kind in (*table.key.values(), *table.columns.values())]

    def pack(self, records: Sequence[RawRecord], *, slice_rows: int = 100) -> Iterator[bytes]:
        """A complete COPY stream in parts of `slice_rows`; columns as in `RawTable.wire`, None becomes NULL.

        In parts, so that the server works on the first while the next is packed, and nobody waits long for either.
        """
        yield HEADER
        for start in range(0, len(records), slice_rows):
            yield self._pack(records[start : start + slice_rows])
        yield TRAILER

    def _pack(self, records: Sequence[RawRecord]) -> bytes:
        first, last, typed = self._first, self._last, self._typed
        parts: list[bytes] = []
        for record in records:
            payload = record.payload
            parts.append(first)
            parts += [
                _NULL if value is None else pack(value)
                for pack, value in zip(typed, record.key + record.columns, strict=True)
            ]
            parts += (_timestamp(record.source_updated_at), _length(len(payload) + 1), b"\x01", payload)
            parts += (_HASH_LENGTH, fingerprint(payload), last)
        return b"".join(parts)
