"""Statement files of the EU gateway (API reference §15): no other gateway tells settlements or payouts."""

from __future__ import annotations

from datetime import timedelta

from connectors.temu.entities import Entity
from connectors.temu.models.finance import BillFile
from connectors.temu.streams.shapes import Bounds, ByTask, Stream

BILL_FILES = Stream(
    name="bill_files",
    description="Statement and payment files, month by month, kept whole as the platform made them.",
    partitioning="shop",
    rhythm="daily",
    tables=("bill_files",),
    gateways=("EU",),
    reading=ByTask(
        create="temu.finance.mall.bill.task.create",
        poll="temu.finance.mall.bill.task.get",
        entity=Entity(table="bill_files", model=BillFile),
        kinds=("STATEMENT_REPORT", "PAYMENT_REPORT"),
        window=Bounds("startTime", "endTime", "ms"),
        reach=timedelta(days=62),
        settle=timedelta(days=35),
    ),
)
