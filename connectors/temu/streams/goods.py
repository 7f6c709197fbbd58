"""Goods: SKUs, stock, prices (API reference §10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.temu.entities import Entity
from connectors.temu.models import goods as models
from connectors.temu.streams import rest
from connectors.temu.streams.shapes import ByCatalogue, ByIds, IdQuery, Ids, Listing, Stream

_SNAPSHOT = ("stock", "price", "currency")


def _retrieve(api_type: str, entity: Entity, rows_word: str) -> Listing:
    """The cursor form of a list (§10.2)."""
    return Listing(
        api_type=api_type,
        entity=entity,
        page_word="pageToken",
        page_size=100,
        total_word="total",
        rows_word=rows_word,
        by_token=True,
    )


PRODUCTS = Stream(
    name="products",
    description="SKUs on and off sale with stock and supply price, and one dated copy a day.",
    rest=rest.PRODUCTS,
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
            columns=_SNAPSHOT,
            dated=True,
        ),
    ),
    otherwise=ByCatalogue(
        _retrieve(
            "temu.local.sku.list.retrieve",
            Entity(table="products", model=models.RetrievedSku, key=("sku_id",), columns=("goods_id", "out_sku_sn")),
            "skuList",
        ),
        buckets=({"skuSearchType": "ALL"},),
        snapshot=Entity(
            table="product_snapshots", model=models.RetrievedSku, key=("sku_id",), columns=_SNAPSHOT, dated=True
        ),
    ),
)

_GOODS = Entity(table="goods", model=models.Goods, key=("goods_id",), columns=("out_goods_sn",))

GOODS = Stream(
    name="goods",
    description="Goods of all states, drafts and deleted ones included, with the ids of their SKUs.",
    partitioning="shop",
    tables=("goods",),
    reading=ByCatalogue(
        Listing(
            api_type="bg.local.goods.list.query",
            entity=_GOODS,
            page_word="pageNo",
            page_size=100,
            total_word="total",
            rows_word="goodsList",
        ),
        # On or off shelf, not published, draft, deleted: each is a list of its own.
        buckets=tuple(
            {"goodsSearchType": kind, "goodsStatusFilterType": kind, "orderField": "createTime", "orderType": 1}
            for kind in (1, 4, 5, 6)
        ),
    ),
    otherwise=ByCatalogue(
        _retrieve("temu.local.goods.list.retrieve", _GOODS, "goodsList"),
        buckets=tuple({"goodsSearchType": word} for word in ("ALL", "INCOMPLETE", "DRAFT", "DELETED")),
    ),
)


def _goods_with_skus(group: Sequence[Ids]) -> Mapping[str, object]:
    """SKUs under their goods, as the price query wants them."""
    by_goods: dict[int, list[int]] = {}
    for goods_id, sku_id in group:
        by_goods.setdefault(goods_id, []).append(sku_id)
    asked = [{"goodsId": goods_id, "skuIdList": skus} for goods_id, skus in by_goods.items()]
    return {"querySupplierPriceBaseList": asked}


SUPPLIER_PRICES = Stream(
    name="supplier_prices",
    description="Declared price of every SKU, one dated copy a day; needs a whitelist entry of the shop.",
    partitioning="shop",
    tables=("supplier_prices",),
    reads=("products",),
    reading=ByIds(
        "skus",
        IdQuery(
            api_type="bg.local.goods.sku.list.price.query",
            entity=Entity(table="supplier_prices", model=models.SupplierPrice, key=("sku_id",), dated=True),
            size=50,
            params=_goods_with_skus,
            rows_path=("openapiGoodsSupplierPriceDTOList", "openapiSkuSupplierPriceDTOList"),
        ),
    ),
)

SKU_STOCKS = Stream(
    name="sku_stocks",
    description="Stock of every SKU by kind, one dated copy a day.",
    partitioning="shop",
    tables=("sku_stocks",),
    reads=("products",),
    reading=ByIds(
        "skus",
        IdQuery(
            api_type="temu.local.goods.sku.stock.query",
            entity=Entity(table="sku_stocks", model=models.SkuStock, key=("sku_id",), dated=True),
            size=50,
            params=lambda group: {"skuIdList": [ids[-1] for ids in group]},
            rows_path=("stockList", "skuStockInfoList"),
        ),
    ),
)

PRICE_ORDERS = Stream(
    name="price_orders",
    description="First pricings and changes of supplier prices, with what the platform asked for.",
    partitioning="shop",
    rhythm="daily",
    tables=("price_orders",),
    reading=ByCatalogue(
        Listing(
            api_type="bg.local.goods.priceorder.query",
            entity=Entity(
                table="price_orders", model=models.PriceOrder, key=("price_order_id",), columns=("goods_id", "status")
            ),
            page_word="page",
            size_word="size",
            page_size=99,
            total_word="total",
            rows_word="priceAuditList",
            params={"orderBy": "order_create_time"},
        ),
        buckets=tuple({"priceOrderType": kind} for kind in (1, 2)),
    ),
)
