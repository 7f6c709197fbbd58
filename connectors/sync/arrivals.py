"""What a reading tells about its stream: how late its rows came, and whether its silence is suspicious.

Belongs here: measuring after a reading, the overlap for the next one. A silent reading is a success with a warning: its
watermark stays at the newest row that was stored, so the next reading begins at the same place and nothing is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.completeness.lateness import learn
from connectors.completeness.silence import is_suspicious
from connectors.postgres.lateness import histograms, measure_lateness, usual_updates
from connectors.postgres.tasks import rows_read_lately
from connectors.postgres.watermarks import read_watermark
from connectors.records import Window
from connectors.settings import Settings
from connectors.sync.tally import Tally
from connectors.temu.streams import ByCatalogue, ByWindow, Stream


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Where a stream stood when a reading began: its watermark, and the server's time."""

    tally: Tally
    stream: Stream
    settings: Settings
    watermark: datetime
    since: datetime

    async def conclude(self) -> None:
        """Measure what has landed since, and put a warning into the tally if nothing did though it usually does."""
        tally = self.tally
        control, shop_id = tally.session.control, tally.session.shop.id
        table = self.stream.name
        await measure_lateness(
            control, table, shop_id=shop_id, run_id=tally.run_id, watermark=self.watermark, since=self.since
        )
        if tally.mode == "live" and await self._is_silent():
            span = Window(self.watermark, max(self.watermark, tally.window.end if tally.window else self.watermark))
            usual = await usual_updates(control, table, shop_id=shop_id, window=span)
            if is_suspicious(usual, least=self.settings.silence_rows):
                tally.warning = _warning(tally, span, usual)

    async def _is_silent(self) -> bool:
        tally = self.tally
        now = await read_watermark(tally.session.control, tally.session.shop.id, tally.stream)
        return now == self.watermark and not tally.dead_lettered


@dataclass(frozen=True, slots=True)
class Emptiness:
    """A list that holds nothing now. `least`: if it held so much a while ago, that is suspicious."""

    tally: Tally
    least: int

    async def conclude(self) -> None:
        """Put a warning into the tally if what was many is nothing."""
        tally, shop = self.tally, self.tally.session.shop
        if tally.read:
            return
        lately = await rows_read_lately(tally.session.control, shop_id=shop.id, stream=tally.stream)
        if lately >= self.least:
            tally.warning = (
                f"shop {shop.shop_name}, {tally.stream}: the platform lists none, a while ago it listed {lately} → "
                "compare with Seller Center; what is stored stays"
            )


Judge = Arrivals | Emptiness
"""What is concluded from a reading at its end."""


async def begin(tally: Tally, stream: Stream, settings: Settings) -> Judge | None:
    """Remember where the stream stands; None where nothing can be said: no update time, or nothing landed yet."""
    if isinstance(stream.reading, ByCatalogue):
        return None if stream.reading.may_empty else Emptiness(tally, settings.silence_rows)
    if not isinstance(stream.reading, ByWindow) or not stream.reading.listing.entity.cursor:
        return None
    control = tally.session.control
    watermark = await read_watermark(control, tally.session.shop.id, stream.name)
    row = await (await control.execute("select clock_timestamp()")).fetchone()
    return Arrivals(tally, stream, settings, watermark, row[0]) if watermark and row else None


async def overlap_of(tally: Tally, stream: Stream, settings: Settings) -> timedelta:
    """How far before its watermark a live window begins: as its rows, or those that it asks about, are late."""
    found = await histograms(
        tally.session.control, shop_id=tally.session.shop.id, streams=[stream.name, *stream.sources]
    )
    learnt = [learn(one, least=settings.overlap, most=settings.most_overlap).overlap for one in found]
    return max([settings.overlap, *learnt])


def _warning(tally: Tally, span: Window, usual: list[int]) -> str:
    return (
        f"shop {tally.session.shop.shop_name}, {tally.stream}: nothing new in {span}, while the same hours of the last "
        f"weeks brought {', '.join(map(str, usual))} → compare with Seller Center; the watermark stays, nothing is "
        "skipped"
    )
