"""Promotions and what is enrolled in them (API reference §11)."""

from __future__ import annotations

from connectors.temu.entities import Entity, Instant
from connectors.temu.models import promotions as models
from connectors.temu.streams import rest
from connectors.temu.streams.shapes import ByCatalogue, ByIds, Listing, Stream

ACTIVITIES = Stream(
    name="activities",
    description="Promotions of all four types and the products enrolled in them.",
    rest=rest.ACTIVITIES,
    partitioning="shop",
    tables=("activities", "activity_goods"),
    reading=ByCatalogue(
        Listing(
            api_type="bg.promotion.activity.query",
            entity=Entity(
                table="activities",
                model=models.Activity,
                key=("activity_id",),
                columns=("activity_type", Instant("activity_start_time"), Instant("activity_end_time")),
            ),
            page_word="pageNumber",
            page_size=100,
            total_word="total",
            rows_word="activityList",
        ),
        buckets=tuple({"activityType": kind} for kind in (2, 13, 27, 100)),
        children=Listing(
            api_type="bg.promotion.activity.goods.query",
            entity=Entity(table="activity_goods", model=models.ActivityGoods, key=("goods_id",)),
            page_word="pageNumber",
            page_size=100,
            total_word="total",
            rows_word="goodsList",
        ),
        child_word="activityId",
    ),
)

ACTIVITY_CANDIDATES = Stream(
    name="activity_candidates",
    description="Products that could still join a promotion, with the quantity and price that the platform recommends.",
    partitioning="shop",
    rhythm="daily",
    tables=("activity_candidates",),
    reads=("activities",),
    reading=ByIds(
        "open_activities",
        Listing(
            api_type="bg.promotion.activity.candidate.goods.query",
            entity=Entity(table="activity_candidates", model=models.ActivityCandidate, key=("goods_id",)),
            page_word="pageNumber",
            page_size=100,
            total_word="total",
            rows_word="goodsList",
        ),
        word="activityId",
    ),
)
