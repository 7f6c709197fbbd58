"""Asking about landed records: one per call, or several where the operation takes a list of numbers.

Belongs here: parameters of such calls, which variant of an operation serves a site, and what an answer means that is
none (not ready, not found, nothing to tell). Which records to ask about is said by `extract` and what has landed.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from connectors.errors import StreamForbiddenError
from connectors.records import EVERY_RECORD, Origin, Unanswered, unready
from connectors.temu.client import TemuClient
from connectors.temu.concurrent import all_of
from connectors.temu.decoding import Rejected
from connectors.temu.entities import Rows
from connectors.temu.errors import DoubtfulError, NothingToTellError, NotReadyError, OtherSiteError, RecordNotFoundError
from connectors.temu.pagination import read_all
from connectors.temu.streams import Batch, Lookup

NOT_FOUND = "not_found"
"""Reason of a letter that holds no record but the question to which the platform had no answer."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A landed record to ask about: its number, its order's, its case's, the update time to read it for."""

    sn: str
    order_sn: str
    updated_at: datetime
    case_sn: str | None = None


@dataclass(slots=True)
class Answers:
    """What was answered. `asked` says of each number why it has no final answer; None = it has."""

    rows: Rows = field(default_factory=Rows)
    asked: dict[str, Unanswered | None] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        """How many of `asked` will have an answer only later."""
        return unready(self.asked)


_PATIENCE = timedelta(days=1)
"""A caveat that is older is there to stay, and must not hold up the watermark."""
_JUST_BEFORE = timedelta(seconds=1)
"""A tentative answer counts as read for an earlier state of its record, so that it is wanted again."""


class Asker:
    """Asks for one shop. The first question of a kind goes alone, to learn whether we may ask at all.

    Variants of an operation that the token lacks go into `forbidden`; what only they could answer stays pending.
    """

    def __init__(self, client: TemuClient, forbidden: MutableMapping[str, StreamForbiddenError]) -> None:
        self._client = client
        self._forbidden = forbidden
        self._allowed: set[str] = set()

    async def ask(self, lookup: Lookup | Batch, parents: Sequence[Parent]) -> Answers:
        """The answers about `parents`. StreamForbiddenError after one call if the token lacks the operation."""
        size = lookup.size if isinstance(lookup, Batch) else 1
        groups = [parents[start : start + size] for start in range(0, len(parents), size)]
        alone = 0 if lookup.api_type in self._allowed else 1
        results = [await self._answer(lookup, group) for group in groups[:alone]]
        self._allowed.add(lookup.api_type)
        results += await all_of(self._answer(lookup, group) for group in groups[alone:])
        found = Answers(asked={EVERY_RECORD: None} if groups else {})
        for result in results:
            found.rows.add(result.rows)
            found.asked |= result.asked
        return found

    async def _answer(self, lookup: Lookup | Batch, group: Sequence[Parent]) -> Answers:
        if isinstance(lookup, Batch):
            rows = await self._listed(lookup, group)
            return Answers(rows, _found_in(rows, group))
        return await self._one(lookup, group[0])

    async def _listed(self, batch: Batch, group: Sequence[Parent]) -> Rows:
        asked = {parent.sn: parent.updated_at for parent in group}
        rows = await read_all(self._client, batch.listing, {batch.word: list(asked)})
        owned = [(record, asked.get(str(record.columns[0]))) for record in rows.records]
        # A record that nobody asked for belongs to another question, which dates it.
        # Whose a refused record is, nobody knows: dated by the oldest question, its owner is asked about again.
        oldest = min(asked.values())
        refused = [replace(one, origin=one.origin and replace(one.origin, at=oldest)) for one in rows.rejected]
        return Rows([replace(record, source_updated_at=at) for record, at in owned if at], refused)

    async def _one(self, lookup: Lookup, parent: Parent) -> Answers:
        """One answer as rows; pending if the platform is still computing it, or says that it will change."""
        params = {word: getattr(parent, name) for word, name in lookup.words.items()} | dict(lookup.params)
        try:
            api_type, answer = await self._call_variant(lookup, parent, params)
        except (NotReadyError, DoubtfulError):
            return Answers(asked={parent.sn: "pending"})
        except _VariantForbiddenError:
            return Answers(asked={parent.sn: "forbidden"})
        except NothingToTellError:
            api_type, answer = lookup.api_type, b"{}"
        except RecordNotFoundError as error:
            origin = Origin(lookup.entity.table, parent.updated_at, (parent.sn,), record_key=parent.sn)
            refused = Rejected(NOT_FOUND, "", str(error), msgspec.json.encode(params), origin)
            return Answers(Rows(rejected=[refused]), {parent.sn: None})
        is_tentative = self._is_tentative(lookup, parent, answer)
        at = self._client.now() if lookup.by_read else parent.updated_at - is_tentative * _JUST_BEFORE
        extra = (api_type,) if lookup.variants else ()
        told = tuple(getattr(parent, name) for name in lookup.told)
        rows = lookup.entity.rows([answer], at=at, prefix=(parent.sn,), extra=told + extra)
        return Answers(rows, {parent.sn: "pending" if is_tentative else None})

    def _is_tentative(self, lookup: Lookup, parent: Parent, answer: bytes) -> bool:
        """Whether the answer carries a caveat that may still go away: it lands, and is asked for again."""
        if not lookup.caveat or self._client.now() - parent.updated_at > _PATIENCE:
            return False
        try:
            texts = msgspec.json.decode(answer, type=dict[str, msgspec.Raw]).get(lookup.caveat)
        except msgspec.MsgspecError:
            return False  # not an object: typing it will say so
        return texts is not None and bytes(texts).strip() not in (b"null", b"[]", b'""')

    async def _call_variant(self, lookup: Lookup, parent: Parent, params: Mapping[str, object]) -> tuple[str, bytes]:
        """The first variant that serves the order's site: our table may be older than the platform's."""
        first = lookup.variants.get(_region(parent.order_sn), lookup.api_type)
        others = dict.fromkeys([lookup.api_type, *lookup.variants.values()])
        for api_type in [first, *(other for other in others if other != first)]:
            try:
                return api_type, await self._call(lookup, api_type, params)
            except OtherSiteError as error:
                refused = error
        raise RecordNotFoundError(f"no variant of the operation serves this site: {refused}") from refused

    async def _call(self, lookup: Lookup, api_type: str, params: Mapping[str, object]) -> bytes:
        if api_type in self._forbidden:
            raise _VariantForbiddenError
        try:
            return await self._client.call(api_type, params)
        except StreamForbiddenError as error:
            if api_type == lookup.api_type:
                raise
            self._forbidden[api_type] = error
            raise _VariantForbiddenError from error


def _found_in(rows: Rows, group: Sequence[Parent]) -> dict[str, Unanswered | None]:
    """Which numbers a list knows nothing about; whose a refused row is, nobody knows, so then none is called empty."""
    told = {str(record.columns[0]) for record in rows.records}
    return {parent.sn: None if rows.rejected or parent.sn in told else "empty" for parent in group}


class _VariantForbiddenError(Exception):
    """The token lacks the variant that serves this order's site; other sites' orders are not concerned."""


def _region(order_sn: str) -> int:
    """Region id inside `PO-<region, 3 digits>-<17 digits>` (§3.3), 0 if the number looks different."""
    parts = order_sn.split("-")
    return int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else 0
