"""The raw tables as the loader sees them: key, typed columns and their wire types.

Belongs here: `RawTable` and the list of them; it must say the same as the migrations, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Kind = Literal["smallint", "integer", "bigint", "text", "numeric", "date", "timestamptz", "bytea", "jsonb"]


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """A table of `raw_temu`. `key` follows `shop_id`; `columns` are the typed ones after it.

    `first_sight`: the source has no update time, so `source_updated_at` says when this content was first seen and
    seeing it again changes nothing. `versions` names the append-only table that keeps states which are not current.
    """

    name: str
    key: Mapping[str, Kind]
    columns: Mapping[str, Kind] = field(default_factory=dict)
    first_sight: bool = False
    versions: str | None = None

    @property
    def wire(self) -> dict[str, Kind]:
        """Every column that is sent, in the order in which rows are packed; `loaded_at` is the server's."""
        return {
            "shop_id": "bigint",
            **self.key,
            **self.columns,
            "source_updated_at": "timestamptz",
            "payload": "jsonb",
            "payload_hash": "bytea",
            "run_id": "text",
        }


_TABLES = (
    RawTable(
        "orders",
        {"parent_order_sn": "text"},
        {"status": "smallint", "order_time": "timestamptz"},
        versions="order_versions",
    ),
    RawTable("order_amounts", {"parent_order_sn": "text"}, {"api_type": "text"}),
    RawTable("order_details", {"parent_order_sn": "text"}),
    RawTable("products", {"sku_id": "bigint"}, {"goods_id": "bigint", "sku_code": "text"}, first_sight=True),
    RawTable(
        "product_snapshots",
        {"sku_id": "bigint", "snapshot_date": "date"},
        {"stock": "integer", "price": "numeric", "currency": "text"},
        first_sight=True,
    ),
    RawTable(
        "activities",
        {"activity_id": "bigint"},
        {"activity_type": "integer", "starts_at": "timestamptz", "ends_at": "timestamptz"},
        first_sight=True,
    ),
    RawTable("activity_goods", {"activity_id": "bigint", "goods_id": "bigint"}, first_sight=True),
    RawTable(
        "after_sales",
        {"parent_after_sales_sn": "text"},
        {"parent_order_sn": "text", "status": "smallint", "created_at": "timestamptz"},
    ),
    RawTable("after_sales_details", {"parent_after_sales_sn": "text"}, {"parent_order_sn": "text"}),
    RawTable("after_sales_lines", {"after_sales_sn": "text"}, {"parent_after_sales_sn": "text", "status": "smallint"}),
    RawTable("return_parcels", {"after_sales_sn": "text"}, {"parent_after_sales_sn": "text"}),
    RawTable("cancellations", {"parent_after_sales_sn": "text"}, {"status": "smallint"}, first_sight=True),
    RawTable("shipments", {"order_sn": "text"}, {"parent_order_sn": "text"}),
    RawTable("tracking_events", {"package_sn": "text"}, {"tracking_number": "text", "parent_order_sn": "text"}),
    RawTable("unshipped_packages", {"package_sn": "text"}, first_sight=True),
    RawTable("carriers", {"region_id": "integer", "carrier_id": "bigint"}, {"carrier_name": "text"}, first_sight=True),
    RawTable("warehouses", {"warehouse_id": "text"}, first_sight=True),
    RawTable("goods", {"goods_id": "bigint"}, {"goods_code": "text"}, first_sight=True),
    RawTable("supplier_prices", {"sku_id": "bigint", "snapshot_date": "date"}, first_sight=True),
    RawTable("sku_stocks", {"sku_id": "bigint", "snapshot_date": "date"}, first_sight=True),
    RawTable(
        "price_orders", {"price_order_id": "bigint"}, {"goods_id": "bigint", "status": "integer"}, first_sight=True
    ),
    RawTable("activity_candidates", {"activity_id": "bigint", "goods_id": "bigint"}, first_sight=True),
    RawTable("ad_details", {"goods_id": "bigint", "snapshot_date": "date"}, {"ad_status": "integer"}, first_sight=True),
    RawTable("ad_reports", {"report_date": "date"}, first_sight=True),
    RawTable("ad_goods_reports", {"report_date": "date", "goods_id": "bigint"}, first_sight=True),
    RawTable(
        "bill_files",
        {"file_type": "text", "period_start": "date"},
        {"period_end": "date", "file_name": "text", "content": "bytea"},
        first_sight=True,
    ),
    RawTable(
        "partner_goods", {"product_skc_id": "bigint"}, {"product_id": "bigint", "goods_code": "text"}, first_sight=True
    ),
    RawTable("partner_stocks", {"product_skc_id": "bigint", "snapshot_date": "date"}, first_sight=True),
    RawTable("partner_prices", {"product_sku_id": "bigint", "snapshot_date": "date"}, first_sight=True),
    RawTable("partner_sales", {"product_skc_id": "bigint", "snapshot_date": "date"}, first_sight=True),
)

RAW_TABLES: Mapping[str, RawTable] = MappingProxyType({table.name: table for table in _TABLES})
"""By name. `order_versions` is not among them: it is written together with `orders` only."""
