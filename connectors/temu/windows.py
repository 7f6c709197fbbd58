"""Reading a window of update time so that no record is missed, whatever moves while we read.

Belongs here: cutting a window into leaves and accepting a leaf. A record that changes while its leaf is read leaves for
the present, later than every leaf of this run, and is found there by the next one: so leaves may be read concurrently,
and are handed over oldest first.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import PermanentError, UnstableWindowError
from connectors.records import Window
from connectors.temu.client import TemuClient
from connectors.temu.concurrent import ahead_in_order
from connectors.temu.entities import Rows
from connectors.temu.pagination import REREADS, Answer, Sift, ask_page, doubt, page_of, read_rest, rows_of
from connectors.temu.streams import Listing

LEAVES_AHEAD = 3
"""Leaves under way while one is being written; memory grows with it, not with the length of the window."""

_MOST_PIECES = 96


@dataclass(frozen=True, slots=True)
class WindowRows:
    """A leaf: a window and every record that the platform has in it."""

    window: Window
    rows: Rows


Recognise = Callable[[Window], Awaitable[Sift | None]]
"""How to tell, within a window, which records are stored as they come; None where nothing of it is stored."""


async def read_window(
    client: TemuClient, listing: Listing, window: Window, recognise: Recognise | None = None
) -> AsyncGenerator[WindowRows, None]:
    """The leaves of `window`, oldest first, `LEAVES_AHEAD` read ahead."""
    if not window.seconds:
        return

    async def leaf(part: Window) -> WindowRows | list[Window]:
        return await _read_leaf(client, listing, part, recognise)

    async with aclosing(ahead_in_order([window], leaf, ahead=LEAVES_AHEAD)) as leaves:
        async for found in leaves:
            yield found


async def _read_leaf(
    client: TemuClient, listing: Listing, window: Window, recognise: Recognise | None
) -> WindowRows | list[Window]:
    """The window's records with proof that they are all, or the smaller windows to read instead."""
    params, reason, strays = bounds(listing, window), "", None
    for reread in range(REREADS):
        first = await ask_page(client, listing, params, 1)
        if first.total > listing.leaf_rows and window.seconds > 1:
            return cut(window, -(-first.total // listing.leaf_rows) + 1)
        sift = await recognise(window) if recognise else None
        pages = await read_rest(client, listing, params, page_of(listing, first, sift=sift), sift=sift)
        rows = rows_of(pages)
        strays = _stray(rows, listing, window)
        reason = strays or doubt(pages, rows) or ""
        if not reason:
            return WindowRows(window, rows)
        if reread and _worth_halving(first, listing, window):
            return list(window.halves())
    if strays:
        raise PermanentError(
            f"shop {client.shop}, {listing.api_type} in {window}: {strays}",
            remedy="the gateway ignores the time filter: check the operation's parameters",
        )
    raise UnstableWindowError(
        f"shop {client.shop}, {listing.api_type} in {window} kept changing while it was read {REREADS} times: {reason}"
    )


def bounds(listing: Listing, window: Window) -> dict[str, object]:
    """The filter for a half-open window."""
    if listing.window is None:
        raise ValueError(f"{listing.api_type} has no time filter")
    return {**listing.window.of(window)}


def cut(window: Window, pieces: int) -> list[Window]:
    """`window` in up to `pieces` parts of nearly equal length, whole seconds each, oldest first."""
    pieces = max(2, min(pieces, window.seconds, _MOST_PIECES))
    marks = [window.start + timedelta(seconds=window.seconds * part // pieces) for part in range(pieces)]
    return [Window(start, end) for start, end in zip(marks, [*marks[1:], window.end], strict=True)]


def _stray(rows: Rows, listing: Listing, window: Window) -> str | None:
    """A row outside the window: it moved between filter and answer, or the filter is not honoured at all."""
    for record in rows.records:
        instant = record.source_updated_at if listing.clock is None else record.columns[listing.clock]
        if isinstance(instant, datetime) and not window.start <= instant < window.end:
            return f"record {record.key} is of {instant}, outside the window"
    return None


def _worth_halving(first: Answer, listing: Listing, window: Window) -> bool:
    """A window that one page holds is atomic already; a single second cannot be halved."""
    return window.seconds > 1 and first.total > listing.page_size // 2
