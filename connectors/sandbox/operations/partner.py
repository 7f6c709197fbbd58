"""The goods of cross-border sellers on the PARTNER gateway, and full-managed sales counters on CN (API section 10.5).

Listings are told apart by the seller's ids (product, SKC, product SKU), not by the shop front's. Prices are cents here.
"""

from __future__ import annotations

from connectors.sandbox.envelope import GOODS_INVALID, GatewayError
from connectors.sandbox.operations.goods import FOR_SALE, bucket_of, created_at, listed_shelves
from connectors.sandbox.operations.operation import Call, Json, Operation, to_json
from connectors.sandbox.parameters import Form, page_of
from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.stock import Shelf

_SKC_OFFSET = 1_000_000_000
NEVER, ON, OFF = 0, 1, 2
_SELF_SHIPPED = 1


def skc_of(shelf: Shelf) -> int:
    """A product has one SKC in this world."""
    return shelf.listing.product_id + _SKC_OFFSET


def list_products(call: Call) -> bytes:
    """One page of SKCs with their SKUs."""
    page, size = page_of(call.params, number="page", size="pageSize", default=10, limit=100, invalid=GOODS_INVALID)
    wanted = call.params.get("skcSiteStatus")
    groups = [group for group in _by_skc(call).values() if wanted is None or _site_status(call, group) == wanted]
    rows = [_product(call, group) for group in groups[(page - 1) * size : page * size]]
    return to_json({"totalCount": len(groups), "data": rows})


def list_stock(call: Call) -> bytes:
    """Stock per warehouse of one SKC; every third SKU's quantity is hidden, as for partner warehouses."""
    group = _by_skc(call).get(call.params.get("productSkcId") or 0)
    if group is None:
        raise GatewayError(GOODS_INVALID, "productSkcId")
    return to_json({"productSkuStockList": [_stock(call, shelf) for shelf in group]})


def list_prices(call: Call) -> bytes:
    """Declared prices of named SKUs, in cents of the shop's currency."""
    wanted = call.params.get("productSkuIds")
    if not wanted or len(wanted) > 100:
        raise GatewayError(GOODS_INVALID, "productSkuIds")
    named = [shelf for shelf in listed_shelves(call) if shelf.listing.product_sku_id in wanted]
    return to_json({"productSkuSupplierPriceList": [_price(call, shelf) for shelf in named]})


def list_sales(call: Call) -> bytes:
    """One page of sales counters: today (UTC), seven and thirty days up to now."""
    page, size = page_of(call.params, number="page", size="pageSize", default=10, limit=100, invalid=GOODS_INVALID)
    groups = list(_by_skc(call).values())
    rows = [_sales(call, group) for group in groups[(page - 1) * size : page * size]]
    return to_json({"total": len(groups), "subOrderList": rows})


def _by_skc(call: Call) -> dict[int, list[Shelf]]:
    groups: dict[int, list[Shelf]] = {}
    for shelf in listed_shelves(call):
        groups.setdefault(skc_of(shelf), []).append(shelf)
    return groups


def _site_status(call: Call, group: list[Shelf]) -> int:
    return ON if any(bucket_of(call, shelf) == FOR_SALE for shelf in group) else OFF


def _product(call: Call, group: list[Shelf]) -> Json:
    first = group[0].listing
    site = {"siteId": call.shop.profile.site_id, "siteName": call.shop.profile.region}
    return {
        "productId": first.product_id,
        "productSkcId": skc_of(group[0]),
        "productName": first.family.title,
        "extCode": first.family.stem,
        "skcSiteStatus": _site_status(call, group),
        "leafCat": {"catId": 31_000 + sum(map(ord, first.family.category)) % 500, "catName": first.family.category},
        "createdAt": created_at(call, first) * 1000,
        "mainImageUrl": f"https://img.example.invalid/p/{first.product_id}.jpg",
        "productSemiManaged": {"bindSites": [site]},
        "productSkuSummaries": [
            {
                "productSkuId": shelf.listing.product_sku_id,
                "extCode": shelf.listing.code,
                "virtualStock": shelf.level_at(call.now),
                "productSkuSpecList": [
                    {"parentSpecId": 1001, "parentSpecName": "Variant", "specId": 14_000_000 + shelf.listing.variant,
                     "specName": shelf.listing.spec}
                ],
            }
            for shelf in group
        ],
    }  # fmt: skip


def _stock(call: Call, shelf: Shelf) -> Json:
    hidden = shelf.listing.product_sku_id % 3 == 0
    return {
        "productSkuId": shelf.listing.product_sku_id,
        "skuStockQuantity": None if hidden else shelf.level_at(call.now),
        "warehouseId": f"WH-{call.shop.profile.number}",
        "shippingMode": 2 if hidden else _SELF_SHIPPED,
        "tempLockQuantity": 0,
    }


def _price(call: Call, shelf: Shelf) -> Json:
    price = shelf.listing.price_on(call.shop.day_since_opening(call.now))
    return {
        "productId": shelf.listing.product_id,
        "productSkcId": skc_of(shelf),
        "productSkuId": shelf.listing.product_sku_id,
        "supplierPrice": price,
        "currencyType": call.shop.profile.currency,
        "siteSupplierPrices": [
            {"siteId": call.shop.profile.site_id, "supplierPrice": price, "priceReviewStatus": 1}
        ],
    }  # fmt: skip


def _sales(call: Call, group: list[Shelf]) -> Json:
    first = group[0].listing
    return {
        "productId": first.product_id,
        "productSkcId": skc_of(group[0]),
        "skcExtCode": first.family.stem,
        "productName": first.family.title,
        "skuQuantityDetailList": [_counters(call, shelf) for shelf in group],
    }


def _counters(call: Call, shelf: Shelf) -> Json:
    today = call.now // DAY * DAY
    level, month = shelf.level_at(call.now), _sold(shelf, call.now - 30 * DAY, call.now)
    return {
        "productSkuId": shelf.listing.product_sku_id,
        "skuExtCode": shelf.listing.code,
        "className": shelf.listing.spec,
        "todaySaleVolume": _sold(shelf, today, call.now),
        "lastSevenDaysSaleVolume": _sold(shelf, call.now - 7 * DAY, call.now),
        "lastThirtyDaysSaleVolume": month,
        "lackQuantity": max(0, month - level),
        "adviceQuantity": max(0, month - level),
        "availableSaleDays": level * 30 // month if month else None,
        "inventoryNumInfo": {"warehouseInventoryNum": level, "waitReceiveNum": shelf.in_transit_at(call.now)},
    }


def _sold(shelf: Shelf, since: int, until: int) -> int:
    return shelf.sold_until(until) - shelf.sold_until(since - 1)


_PAGE = {"page": Form.INT, "pageSize": Form.INT}
_PARTNER, _BOTH = ("PARTNER",), ("PARTNER", "CN")

OPERATIONS = (
    Operation(
        "bg.glo.goods.list.get", list_products, {**_PAGE, "skcSiteStatus": Form.INT}, gateways=_BOTH,
        rows="data", total="totalCount", key="productSkcId",
    ),
    Operation("bg.btg.goods.stock.quantity.get", list_stock, {"productSkcId": Form.INT}, gateways=_PARTNER),
    Operation("temu.goods.price.list.get", list_prices, {"productSkuIds": Form.INTS}, gateways=_PARTNER),
    Operation(
        "bg.goods.salesv2.get", list_sales, _PAGE, gateways=("CN",), rows="subOrderList", total="total",
        key="productSkcId",
    ),
)  # fmt: skip
