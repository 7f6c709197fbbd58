"""Goods of cross-border sellers on the PARTNER and CN gateways (API reference §10.5), for shops with a token there."""

from __future__ import annotations

from connectors.temu.entities import Entity
from connectors.temu.models import partner as models
from connectors.temu.streams.shapes import ByCatalogue, ByIds, IdQuery, Listing, Stream

PARTNER_GOODS = Stream(
    name="partner_goods",
    description="SKCs with their SKUs, by the seller's ids that order lines name.",
    partitioning="shop",
    tables=("partner_goods",),
    gateways=("PARTNER", "CN"),
    reading=ByCatalogue(
        Listing(
            api_type="bg.glo.goods.list.get",
            entity=Entity(
                table="partner_goods",
                model=models.PartnerGoods,
                key=("product_skc_id",),
                columns=("product_id", "ext_code"),
            ),
            page_word="page",
            page_size=100,
            total_word="totalCount",
            rows_word="data",
        ),
        buckets=({},),
    ),
)

PARTNER_STOCKS = Stream(
    name="partner_stocks",
    description="Stock of every SKC per SKU and warehouse, one dated copy a day.",
    partitioning="shop",
    rhythm="daily",
    tables=("partner_stocks",),
    reads=("partner_goods",),
    gateways=("PARTNER",),
    reading=ByIds(
        "partner_skcs",
        IdQuery(
            api_type="bg.btg.goods.stock.quantity.get",
            entity=Entity(table="partner_stocks", model=models.PartnerStock, dated=True),
            size=1,
            params=lambda group: {"productSkcId": group[0][-1]},
        ),
    ),
)

PARTNER_PRICES = Stream(
    name="partner_prices",
    description="Declared price of every product SKU, one dated copy a day: the platform has no history.",
    partitioning="shop",
    tables=("partner_prices",),
    reads=("partner_goods",),
    gateways=("PARTNER",),
    reading=ByIds(
        "partner_skus",
        IdQuery(
            api_type="temu.goods.price.list.get",
            entity=Entity(table="partner_prices", model=models.PartnerPrice, key=("product_sku_id",), dated=True),
            size=50,
            params=lambda group: {"productSkuIds": [ids[-1] for ids in group]},
            rows_path=("productSkuSupplierPriceList",),
        ),
    ),
)

PARTNER_SALES = Stream(
    name="partner_sales",
    description="Sales counters of full-managed goods, one dated copy a day: the only sales figures of such shops.",
    partitioning="shop",
    rhythm="daily",
    tables=("partner_sales",),
    gateways=("CN",),
    reading=ByCatalogue(
        Listing(
            api_type="bg.goods.salesv2.get",
            entity=Entity(table="partner_sales", model=models.PartnerSales, key=("product_skc_id",), dated=True),
            page_word="page",
            page_size=100,
            total_word="total",
            rows_word="subOrderList",
        ),
        buckets=({},),
    ),
)
