"""After-sales: cases with their refunds (API reference §13)."""

from __future__ import annotations

from connectors.temu.entities import Entity
from connectors.temu.models import after_sales as models
from connectors.temu.streams.shapes import ByWindow, Listing, Lookup, Stream

AFTER_SALES = Stream(
    name="after_sales",
    description="After-sales cases by update time, each with its refund amounts.",
    partitioning="shop_day",
    tables=("after_sales", "after_sales_details"),
    reading=ByWindow(
        Listing(
            api_type="bg.aftersales.parentaftersales.list.get",
            entity=Entity(
                table="after_sales",
                model=models.AfterSales,
                key=("parent_after_sales_sn",),
                columns=("parent_order_sn", "parent_after_sales_status"),
                cursor="update_at",
            ),
            page_word="pageNo",
            page_size=200,
            total_word="total",
            rows_word="data",
            window=("updateAtStart", "updateAtEnd"),
            leaf_rows=200,
        ),
        Lookup(
            api_type="temu.aftersales.parentaftersales.detail.get",
            entity=Entity(table="after_sales_details", model=models.AfterSalesDetail, columns=("parent_order_sn",)),
            words={"parentAfterSalesSn": "sn", "parentOrderSn": "order_sn"},
        ),
    ),
)
