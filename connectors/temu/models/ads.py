"""Advertising reports (API reference §14): ratios are scaled by 10,000, money is minor units, both bare integers."""

from __future__ import annotations

from connectors.temu.models.fields import Id, Int, Record


class AdReport(Record):
    """What advertising brought on one local day; of the whole shop or of one goods, one nesting deeper."""


class AdDetail(Record):
    """State, budget and target of one goods' advertising; status 8 runs, 10 was never created."""

    goods_id: Id
    ad_show_status: Int | None = None
