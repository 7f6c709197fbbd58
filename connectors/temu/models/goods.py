"""Goods as the seller's catalogue shows them (API reference §10)."""

from __future__ import annotations

from decimal import Decimal

from connectors.temu.models.fields import Id, Int, Record


class Sku(Record):
    """One SKU on or off sale with today's stock (pieces) and supply price (§10.3)."""

    sku_id: Id
    goods_id: Id | None = None
    sku_sn: str | None = None
    stock: Int | None = None
    price: Decimal | None = None
    currency: str | None = None


class RetrievedSku(Record):
    """One SKU of the cursor list (§10.2): ids are text, prices are missing, stock is told by some gateways only."""

    sku_id: Id
    goods_id: Id | None = None
    out_sku_sn: str | None = None
    stock: Int | None = None
    price: Decimal | None = None
    currency: str | None = None


class Goods(Record):
    """One goods with its SKUs, of the page list (§10.1) or of the cursor list, where its id is text (§10.2)."""

    goods_id: Id
    out_goods_sn: str | None = None


class SupplierPrice(Record):
    """The declared price of one SKU, a decimal string with its currency (§10.4)."""

    sku_id: Id


class SkuStock(Record):
    """Stock of one SKU by kind: ordinary, pre-sale, certified; pieces (§10.4)."""

    sku_id: Id


class PriceOrder(Record):
    """A first pricing or a change of supplier prices; decimal strings with their currency (§10.4)."""

    price_order_id: Id
    goods_id: Id | None = None
    status: Int | None = None
