"""Goods of cross-border sellers on the PARTNER and CN gateways (API reference §10.5), told apart by seller-side ids."""

from __future__ import annotations

from connectors.temu.models.fields import Id, Record


class PartnerGoods(Record):
    """One SKC with its SKUs and their virtual stock; `createdAt` is milliseconds."""

    product_skc_id: Id
    product_id: Id | None = None
    ext_code: str | None = None


class PartnerStock(Record):
    """Stock of one SKC per SKU and warehouse; a hidden quantity is null."""


class PartnerPrice(Record):
    """The declared price of one SKU in cents, for all sites and per site."""

    product_sku_id: Id


class PartnerSales(Record):
    """Sales counters of one SKC: today, seven and thirty days, and what the platform advises to send."""

    product_skc_id: Id
