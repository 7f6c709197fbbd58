"""Advertising (API reference §14): state per goods, reports per local day. A shop without the agreement is skipped."""

from __future__ import annotations

from datetime import timedelta

from connectors.temu.entities import Entity
from connectors.temu.models import ads as models
from connectors.temu.streams.shapes import Bounds, ByIds, ByLocalDay, IdQuery, Stream

_WINDOW = Bounds("startTs", "endTs", "ms")

AD_DETAILS = Stream(
    name="ad_details",
    description="State, budget and target of every goods' advertising, one dated copy a day.",
    partitioning="shop",
    rhythm="daily",
    tables=("ad_details",),
    reads=("products",),
    reading=ByIds(
        "goods",
        IdQuery(
            api_type="temu.searchrec.ad.detail.query",
            entity=Entity(
                table="ad_details", model=models.AdDetail, key=("goods_id",), columns=("ad_show_status",), dated=True
            ),
            size=50,
            params=lambda group: {"goodsList": [ids[-1] for ids in group]},
            rows_path=("adsDetail",),
        ),
    ),
)

AD_REPORTS = Stream(
    name="ad_reports",
    description="What advertising cost and brought the whole shop, by local day.",
    partitioning="shop",
    rhythm="daily",
    tables=("ad_reports",),
    reading=ByLocalDay(
        api_type="temu.searchrec.ad.reports.mall.query",
        entity=Entity(table="ad_reports", model=models.AdReport),
        window=_WINDOW,
        reach=timedelta(days=30),
        settle=timedelta(days=7),
    ),
)

AD_GOODS_REPORTS = Stream(
    name="ad_goods_reports",
    description="What advertising cost and brought each advertised goods, by local day.",
    partitioning="shop",
    rhythm="daily",
    tables=("ad_goods_reports",),
    reads=("ad_details",),
    reading=ByLocalDay(
        api_type="temu.searchrec.ad.reports.goods.query",
        entity=Entity(table="ad_goods_reports", model=models.AdReport),
        window=_WINDOW,
        reach=timedelta(days=7),
        settle=timedelta(days=3),
        source="advertised_goods",
        word="goodsId",
    ),
)
