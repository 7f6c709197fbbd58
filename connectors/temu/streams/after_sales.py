"""After-sales: cases with their refunds and lines, cancellations, what comes back (API reference §13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connectors.temu.entities import Entity, Instant
from connectors.temu.models import after_sales as models
from connectors.temu.streams.shapes import Batch, Bounds, ByCatalogue, ByOrder, ByWindow, Listing, Lookup, Stream

_CASES = Listing(
    api_type="bg.aftersales.parentaftersales.list.get",
    entity=Entity(
        table="after_sales",
        model=models.AfterSales,
        key=("parent_after_sales_sn",),
        columns=("parent_order_sn", "parent_after_sales_status", Instant("create_at")),
        cursor="update_at",
    ),
    page_word="pageNo",
    page_size=200,
    total_word="total",
    rows_word="data",
    window=Bounds("updateAtStart", "updateAtEnd"),
    leaf_rows=200,
)
_REFUNDS = Lookup(
    api_type="temu.aftersales.parentaftersales.detail.get",
    entity=Entity(table="after_sales_details", model=models.AfterSalesDetail, columns=("parent_order_sn",)),
    words={"parentAfterSalesSn": "sn", "parentOrderSn": "order_sn"},
)

AFTER_SALES = Stream(
    name="after_sales",
    description="After-sales cases by update time, each with its refund amounts.",
    partitioning="shop_day",
    tables=("after_sales", "after_sales_details"),
    reading=ByWindow(_CASES, _REFUNDS),
    by_creation=ByWindow(
        replace(_CASES, window=Bounds("createAtStart", "createAtEnd"), clock=2),  # created_at
        _REFUNDS,
    ),
)

AFTER_SALES_LINES = Stream(
    name="after_sales_lines",
    description="Lines of after-sales cases: article, units and state, also where the refund detail is not granted.",
    partitioning="shop_day",
    tables=("after_sales_lines",),
    reading=ByOrder(
        Batch(
            Listing(
                api_type="bg.aftersales.aftersales.list.get",
                entity=Entity(
                    table="after_sales_lines",
                    model=models.AfterSalesLine,
                    key=("after_sales_sn",),
                    columns=("parent_after_sales_sn", "after_sales_status"),
                ),
                page_word="pageNo",
                page_size=200,
                total_word="total",
                rows_word="data",
            ),
            word="parentAfterSalesSnList",
            size=50,
        ),
        about="case",
    ),
)

RETURN_PARCELS = Stream(
    name="return_parcels",
    description="What buyers have sent back for the lines of return-and-refund cases.",
    partitioning="shop_day",
    tables=("return_parcels",),
    reading=ByOrder(
        Lookup(
            api_type="bg.aftersales.parentreturnorder.get",
            entity=Entity(table="return_parcels", model=models.Return),
            words={"parentAfterSalesSn": "case_sn", "afterSalesSn": "sn"},
            told=("case_sn",),
        ),
        about="returned_line",
        statuses=(2, 3, 4, 5, 9),  # the buyer has shipped; the rest never comes back
    ),
)

CANCELLATIONS = Stream(
    name="cancellations",
    description="Cancellation cases, newest first until a page that has stood still for days.",
    partitioning="shop",
    tables=("cancellations",),
    reading=ByCatalogue(
        Listing(
            api_type="bg.aftersales.cancel.list.get",
            entity=Entity(
                table="cancellations",
                model=models.Cancellation,
                key=("parent_after_sales_sn",),
                columns=("parent_after_sales_status",),
            ),
            page_word="pageNo",
            page_size=200,
            total_word="total",
            rows_word="data",
        ),
        # A request that nobody answers is approved after a day (§8.1).
        settles_after=timedelta(days=3),
    ),
)
