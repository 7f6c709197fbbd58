"""Promotions and the goods enrolled in them (API reference §11)."""

from __future__ import annotations

from connectors.temu.models.fields import Epoch, Id, Int, Record


class Activity(Record):
    """One promotion (§11); type 2 lightning deal, 13 advanced big sale, 27 clearance, 100 official big sale."""

    activity_id: Id
    activity_type: Int | None = None
    activity_status: Int | None = None
    activity_start_time: Epoch | None = None
    activity_end_time: Epoch | None = None


class ActivityGoods(Record):
    """One product enrolled in a promotion, with its SKUs and their activity prices (§11)."""

    goods_id: Id


class ActivityCandidate(Record):
    """One product that could join a promotion, with recommended quantity and prices in minor units (§11)."""

    goods_id: Id
