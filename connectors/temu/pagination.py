"""Pages of a listing, and the proof that a set of pages is the whole of what was asked for.

Belongs here: one page's decoding, and the rule by which several pages count as complete. Pages
over a live, descending list drift (API reference §8.2): rows that change while we read leave a closed window, later
rows move up and are never shown. In a closed window rows can only leave, so equal totals in every answer mean that
nobody left between the first and the last of them, and as many distinct keys as the total mean that all were seen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from connectors.errors import PermanentError, UnstableWindowError
from connectors.records import Sighting
from connectors.temu.client import TemuClient
from connectors.temu.concurrent import all_of
from connectors.temu.entities import Rows
from connectors.temu.streams import Listing

REREADS = 5
"""How often a list that changes under our hands is read again before the run gives up on it."""


Sift = Callable[[Sequence[bytes]], tuple[list[Sighting], list[bytes]]]
"""Tells the records that are stored exactly as they came from those that have to be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came: the platform's total, the bytes of its records, the gateway's time, the page's number."""

    total: int
    payloads: list[bytes]
    read_at: datetime
    token: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the platform's total, its records, the gateway's time of the answer."""

    total: int
    found: Rows
    read_at: datetime
    token: str | None = None


async def ask_page(client: TemuClient, listing: Listing, params: Mapping[str, object], number: int | str) -> Answer:
    """Page `number` (from 1), or that of a token ("" = the first). PermanentError if the answer is no such page."""
    kind = _page_type(listing.total_word, listing.rows_word) if listing.rows_word else list[msgspec.Raw]
    page = await client.ask(listing.api_type, {**listing.params, **params, **_paging(listing, number)}, kind)
    rows = (page.rows if page else None) if listing.rows_word else page
    payloads = [bytes(row) for row in rows or ()]
    total = page.total if page and listing.total_word else None
    token = page.pagination.next_token if page and listing.by_token and page.pagination else None
    page_number = number if isinstance(number, int) else None
    return Answer(len(payloads) if total is None else total, payloads, client.now(), token, page_number)


def _paging(listing: Listing, number: int | str) -> dict[str, object]:
    if not listing.page_word:
        return {}
    size: dict[str, object] = {listing.size_word: listing.page_size}
    return size if listing.by_token and not number else {listing.page_word: number} | size


def pages_of(listing: Listing, total: int) -> int:
    """How many pages hold `total` records."""
    return -(-total // listing.page_size) if listing.page_word else 1


def page_of(listing: Listing, answer: Answer, *, prefix: tuple[object, ...] = (), sift: Sift | None = None) -> Page:
    """The answer's records, `prefix` leading their keys; what `sift` recognises is not read again."""
    sighted, payloads = sift(answer.payloads) if sift else ([], answer.payloads)
    found = listing.entity.rows(payloads, at=answer.read_at, prefix=prefix, page=answer.number)
    found.sighted = sighted
    return Page(answer.total, found, answer.read_at, answer.token)


async def read_page(
    client: TemuClient,
    listing: Listing,
    params: Mapping[str, object],
    number: int | str,
    *,
    prefix: tuple[object, ...] = (),
    sift: Sift | None = None,
) -> Page:
    """Page `number` (from 1) and its records. Errors as in `ask_page`."""
    return page_of(listing, await ask_page(client, listing, params, number), prefix=prefix, sift=sift)


async def read_total(client: TemuClient, listing: Listing, params: Mapping[str, object]) -> int:
    """How many records the platform counts, asked with a page of one. PermanentError if it does not say."""
    paging = {listing.page_word: 1, listing.size_word: 1}
    kind = _page_type(listing.total_word, listing.rows_word)
    page = await client.ask(listing.api_type, {**listing.params, **params, **paging}, kind)
    if page is None or page.total is None:
        raise PermanentError(
            f"shop {client.shop}, {listing.api_type} answered without {listing.total_word}",
            remedy="the platform changed this operation: report it with the request id",
        )
    return int(page.total)


async def pages_by_token(
    client: TemuClient, listing: Listing, params: Mapping[str, object], *, prefix: tuple[object, ...] = ()
) -> AsyncIterator[Page]:
    """The pages of a list by token, one after the other. UnstableWindowError if a token comes twice."""
    token, seen = "", set[str]()
    while True:
        page = await read_page(client, listing, params, token, prefix=prefix)
        yield page
        token = page.token or ""
        if not token:
            return
        if token in seen:
            raise UnstableWindowError(f"shop {client.shop}, {listing.api_type} goes round in circles")
        seen.add(token)


class _Pagination(msgspec.Struct, rename="camel", gc=False):
    """Where a list by token goes on; null, empty and absent all mean that it ends (§10.2)."""

    next_token: str | None = None


@cache
def _page_type(total_word: str, rows_word: str) -> Any:
    """`{total, rows}` under the operation's own words; an empty list may be null or absent (§3.4)."""
    fields = [
        ("total", int | None, None),
        ("rows", list[msgspec.Raw] | None, None),
        ("pagination", _Pagination | None, None),
    ]
    names = {"total": total_word or "total", "rows": rows_word}
    return msgspec.defstruct("Page", fields, rename=names, gc=False)


async def read_rest(
    client: TemuClient,
    listing: Listing,
    params: Mapping[str, object],
    first: Page,
    *,
    prefix: tuple[object, ...] = (),
    sift: Sift | None = None,
) -> list[Page]:
    """`first` and all pages after it, fetched concurrently as far as the client allows."""
    numbers = range(2, pages_of(listing, first.total) + 1)
    later = (read_page(client, listing, params, number, prefix=prefix, sift=sift) for number in numbers)
    return [first, *await all_of(later)]


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
    keys: set[object] = {record.key for record in rows.records}
    keys.update(sighting.key for sighting in rows.sighted)
    keys.update(refused.payload for refused in rows.rejected)
    return keys


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
    rows = Rows()
    for page in pages:
        rows.add(page.found)
    return rows
