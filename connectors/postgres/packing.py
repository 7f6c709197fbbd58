"""Rows in Postgres' binary COPY format, built by hand because this is the busiest loop of the whole pipeline.

Belongs here: one packer per wire type and the concatenation of a row. Binary beats text here: the payload travels as it
came, without escaping on our side and unescaping on the server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from struct import Struct
from typing import Any

from connectors.postgres.tables import Kind, RawTable

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


def _text(value: str) -> bytes:
    data = value.encode()
    return _length(len(data)) + data


def _timestamp(value: datetime) -> bytes:
    since = value - _EPOCH
    return _int8(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def _numeric(value: Decimal) -> bytes:
    """Base-10000 digits around the decimal point, as numeric_recv reads them; the scale is kept."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is no finite amount")
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
    "jsonb": lambda value: _length(len(value) + 1) + b"\x01" + value,
}


def pack_rows(table: RawTable, rows: Iterable[tuple[object, ...]]) -> bytes:
    """A complete COPY stream of rows whose values follow `table.wire`; None becomes NULL."""
    packers = [PACKERS[kind] for kind in table.wire.values()]
    count = _field_count(len(packers))
    parts = [HEADER]
    for row in rows:
        parts.append(count)
        parts += [_NULL if value is None else pack(value) for pack, value in zip(packers, row, strict=True)]
    parts.append(TRAILER)
    return b"".join(parts)
