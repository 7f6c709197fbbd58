"""Pages of a listing, and the proof that a set of pages is the whole of what was asked for.

Belongs here: one page's decoding, and the rule by which several pages count as complete. Pages
over a live, descending list drift (API reference §8.2): rows that change while we read leave a closed window, later
rows move up and are never shown. In a closed window rows can only leave, so equal totals in every answer mean that
nobody left between the first and the last of them, and as many distinct keys as the total mean that all were seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from connectors.errors import UnstableWindowError
from connectors.temu.client import TemuClient
from connectors.temu.concurrent import all_of
from connectors.temu.entities import Rows
from connectors.temu.streams import Listing

REREADS = 5
"""How often a list that changes under our hands is read again before the run gives up on it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the platform's total, its records, the gateway's time of the answer."""

    total: int
    found: Rows
    read_at: datetime


async def read_page(
    client: TemuClient,
    listing: Listing,
    params: Mapping[str, object],
    number: int,
    *,
    prefix: tuple[object, ...] = (),
) -> Page:
    """Page `number` (from 1), `prefix` leading its keys. PermanentError if the answer is no page of this listing."""
    paging = {listing.page_word: number, "pageSize": listing.page_size}
    kind = _page_type(listing.total_word, listing.rows_word)
    page = await client.ask(listing.api_type, {**listing.params, **params, **paging}, kind)
    rows = [bytes(row) for row in (page and page.rows) or ()]
    total = page.total if page else None
    at = client.now()
    return Page(len(rows) if total is None else total, listing.entity.rows(rows, at=at, prefix=prefix), at)


@cache
def _page_type(total_word: str, rows_word: str) -> Any:
    """`{total, rows}` under the operation's own words; an empty list may be null or absent (§3.4)."""
    fields = [("total", int | None, None), ("rows", list[msgspec.Raw] | None, None)]
    names = {"total": total_word, "rows": rows_word}
    return msgspec.defstruct("Page", fields, rename=names, gc=False)


async def read_rest(
    client: TemuClient,
    listing: Listing,
    params: Mapping[str, object],
    first: Page,
    *,
    prefix: tuple[object, ...] = (),
) -> list[Page]:
    """`first` and all pages after it, fetched concurrently as far as the client allows."""
    numbers = range(2, -(-first.total // listing.page_size) + 1)
    return [first, *await all_of(read_page(client, listing, params, number, prefix=prefix) for number in numbers)]


def doubt(pages: Sequence[Page], rows: Rows) -> str | None:
    """Why these pages cannot be trusted to be the whole list, or None if they are."""
    totals = {page.total for page in pages}
    if len(totals) > 1:
        return f"the total changed while reading ({min(totals)} to {max(totals)})"
    return doubt_about(totals.pop(), len(distinct(rows)))


def doubt_about(total: int, seen: int) -> str | None:
    """Why `seen` different records are not the `total` that the platform reports, or None if they are."""
    return None if seen == total else f"{seen} different records, the platform reports {total}"


def distinct(rows: Rows) -> set[object]:
    """What tells the records apart: keys, and the bytes of those that have none because they were refused."""
    return {record.key for record in rows.records} | {refused.payload for refused in rows.rejected}


async def read_all(
    client: TemuClient, listing: Listing, params: Mapping[str, object], *, prefix: tuple[object, ...] = ()
) -> Rows:
    """Every record of a short list without a time filter; UnstableWindowError if it never stands still."""
    reason: str | None = None
    for _ in range(REREADS):
        first = await read_page(client, listing, params, 1, prefix=prefix)
        pages = await read_rest(client, listing, params, first, prefix=prefix)
        rows = rows_of(pages)
        reason = doubt(pages, rows)
        if reason is None:
            return rows
    raise UnstableWindowError(f"shop {client.shop}, {listing.api_type} kept changing while it was read: {reason}")


def rows_of(pages: Sequence[Page]) -> Rows:
    """The pages' records in the order in which they came."""
    return Rows(
        [record for page in pages for record in page.found.records],
        [refused for page in pages for refused in page.found.rejected],
    )
