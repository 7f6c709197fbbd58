"""Goods: SKUs, stock, prices (API reference §10)."""

from __future__ import annotations

from connectors.temu.entities import Entity
from connectors.temu.models import goods as models
from connectors.temu.streams.shapes import ByCatalogue, Listing, Stream

PRODUCTS = Stream(
    name="products",
    description="SKUs on and off sale with stock and supply price, and one dated copy a day.",
    partitioning="shop",
    tables=("products", "product_snapshots"),
    reading=ByCatalogue(
        Listing(
            api_type="bg.local.goods.sku.list.query",
            entity=Entity(table="products", model=models.Sku, key=("sku_id",), columns=("goods_id", "sku_sn")),
            page_word="pageNo",
            page_size=100,
            total_word="total",
            rows_word="skuList",
        ),
        # Oldest first: a SKU that is added while we read lands on the last page and shifts nothing.
        buckets=tuple({"skuSearchType": kind, "orderField": "createTime", "orderType": 1} for kind in (2, 3)),
        snapshot=Entity(
            table="product_snapshots",
            model=models.Sku,
            key=("sku_id",),
            columns=("stock", "price", "currency"),
            dated=True,
        ),
    ),
)
