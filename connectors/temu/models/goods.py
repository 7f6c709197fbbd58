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
