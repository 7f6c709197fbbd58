"""The registry: which file goes to which table of `raw_files`, and what each of its columns is called and holds.

Belongs here: one entry per table, with the Chinese and English header names people really use. A new kind of file is
a new entry here and a migration. Does not belong here: how text becomes a value (`values`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.files.values import (
    Parser,
    decimal_between,
    integer_between,
    one_of,
    parse_code,
    parse_currency,
    parse_date,
    parse_decimal,
    parse_fraction,
    parse_instant,
    parse_month,
    parse_text,
)

SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in file and table, how its cells are typed, and the other headers it is known by."""

    name: str
    parse: Parser
    aliases: tuple[str, ...] = ()
    required: bool = True

    @property
    def target(self) -> str:
        """Name in the table: files say which shop by name or mall id, tables by `ops.shops.id`."""
        return "shop_id" if self.name == SHOP else self.name


@dataclass(frozen=True, slots=True)
class FileTable:
    """One table of `raw_files`. `key`: columns that two rows of a file must not share; empty = rows may repeat.

    `is_exclusive`: rows of one article must not overlap in time, in all files together.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    is_exclusive: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which a file cannot be read at all."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def stream(self) -> str:
        """Name under which refused rows appear in `ops.dead_letters`."""
        return f"files/{self.name}"

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns of the table, in the order of a row's values."""
        return tuple(column.target for column in self.columns)


CHARGE_TYPES = {
    "头程": "first_mile",
    "头程费": "first_mile",
    "尾程": "last_mile",
    "尾程费": "last_mile",
    "面单费": "label",
    "面单": "label",
    "罚款": "penalty",
    "扣款": "penalty",
    "其他费用": "other_fee",
    "补贴": "subsidy",
    "运费收入": "freight_income",
}
SETTLEMENT_LINE_TYPES = {
    "销售回款": "sales_receipt",
    "销售冲回": "sales_reversal",
    "运费回款": "freight_receipt",
    "运费冲回": "freight_reversal",
    "补贴": "subsidy",
    "其他": "other",
}
FEE_TYPES = {"平台佣金": "platform", "支付手续费": "payment"}
TARGET_METRICS = {"GMV": "gmv_cny", "销量": "units", "利润": "profit_cny"}

_COUNT = integer_between(-(2**31), 2**31 - 1)
_IDENTIFIER = integer_between(1, 2**63 - 1)


def _shop(*, required: bool) -> Column:
    return Column(SHOP, parse_text, ("店铺", "店铺名称", "shop_name", "shop_id", "mall_id", "店铺id"), required)


_SKU = Column("sku_code", parse_code, ("sku", "sku货号", "货号", "商家编码", "ext_code"))
_CURRENCY = Column("currency", parse_currency, ("币种", "货币"))
_AMOUNT = Column("amount", parse_decimal, ("金额",))
_PARENT = Column("parent_order_sn", parse_code, ("父订单号", "父订单", "po单号", "订单号"))
_FROM_DAY = Column("effective_from", parse_date, ("生效日期", "开始日期", "valid_from"))
_TO_DAY = Column("effective_to", parse_date, ("失效日期", "结束日期", "valid_to"), required=False)
_FROM = Column("effective_from", parse_instant, ("生效日期", "生效时间", "开始日期", "valid_from"))
_TO = Column("effective_to", parse_instant, ("失效日期", "失效时间", "结束日期", "valid_to"), required=False)

_ALL = (
    FileTable(
        "product_costs",
        (
            _shop(required=False),
            _SKU,
            Column("cost_price", decimal_between("0"), ("cost", "成本", "成本价", "进货成本", "采购价")),
            _CURRENCY,
            _FROM,
            _TO,
        ),
        key=("shop_id", "sku_code", "effective_from"),
        is_exclusive=True,
    ),
    FileTable(
        "product_managers",
        (
            _shop(required=False),
            _SKU,
            Column("manager", parse_text, ("负责人", "运营"), required=False),
            Column("category", parse_text, ("类目", "品类", "分类"), required=False),
            Column("effective_from", parse_instant, _FROM.aliases, required=False),
        ),
        key=("shop_id", "sku_code", "effective_from"),
    ),
    FileTable(
        "fx_rates",
        (
            Column("base_currency", parse_currency, ("基准币种", "原币", "from_currency")),
            Column("quote_currency", parse_currency, ("目标币种", "本币", "to_currency")),
            Column("rate", decimal_between(above="0"), ("汇率",)),
            _FROM_DAY,
            _TO_DAY,
        ),
        key=("base_currency", "quote_currency", "effective_from"),
    ),
    FileTable(
        "fee_rates",
        (
            Column("fee_type", one_of(FEE_TYPES), ("费用类型", "费率类型")),
            _shop(required=False),
            Column("rate", parse_fraction, ("费率",)),
            _FROM_DAY,
            _TO_DAY,
        ),
        key=("fee_type", "shop_id", "effective_from"),
    ),
    FileTable(
        "sales_targets",
        (
            Column("target_month", parse_month, ("月份", "目标月份", "month")),
            Column("manager", parse_text, ("负责人", "运营")),
            _shop(required=False),
            Column("metric", one_of(TARGET_METRICS), ("指标",)),
            Column("target_value", decimal_between("0"), ("目标", "目标值", "target")),
        ),
        key=("target_month", "manager", "shop_id", "metric"),
    ),
    FileTable(
        "order_charges",
        (
            _shop(required=True),
            _PARENT,
            Column("charge_type", one_of(CHARGE_TYPES), ("费用类型", "扣款类型")),
            Column("amount", decimal_between("0"), ("金额",)),
            _CURRENCY,
            Column("charge_date", parse_date, ("日期", "费用日期", "扣款日期")),
        ),
    ),
    FileTable(
        "settlement_lines",
        (
            _shop(required=True),
            Column("settlement_sn", parse_code, ("结算单号", "结算编号")),
            Column("line_no", _COUNT, ("行号", "序号")),
            _PARENT,
            Column("order_sn", parse_code, ("子订单号", "子订单"), required=False),
            Column("product_sku_id", _IDENTIFIER, ("sku_id", "skuid"), required=False),
            Column("line_type", one_of(SETTLEMENT_LINE_TYPES), ("类型", "账目类型")),
            _AMOUNT,
            _CURRENCY,
            Column("settled_at", parse_instant, ("结算时间", "结算日期")),
        ),
        key=("shop_id", "settlement_sn", "line_no"),
    ),
    FileTable(
        "payouts",
        (
            _shop(required=True),
            Column("payout_sn", parse_code, ("提现单号", "打款单号")),
            _AMOUNT,
            _CURRENCY,
            Column("paid_at", parse_instant, ("打款时间", "提现时间")),
            Column("status", parse_text, ("状态",)),
        ),
        key=("shop_id", "payout_sn"),
    ),
    FileTable(
        "account_balances",
        (
            _shop(required=True),
            _CURRENCY,
            Column("snapshot_at", parse_instant, ("快照时间", "时间")),
            Column("available", parse_decimal, ("可用余额", "账户余额")),
            Column("frozen", parse_decimal, ("冻结金额",)),
        ),
        key=("shop_id", "currency", "snapshot_at"),
    ),
    FileTable(
        "inventory_snapshots",
        (
            Column("snapshot_date", parse_date, ("日期", "快照日期")),
            _shop(required=True),
            _SKU,
            Column("on_hand", _COUNT, ("库存", "在库", "在库数量")),
            Column("reserved", _COUNT, ("占用", "预占"), required=False),
            Column("in_transit", _COUNT, ("在途", "在途数量"), required=False),
        ),
        key=("snapshot_date", "shop_id", "sku_code"),
    ),
)

TABLES: Mapping[str, FileTable] = MappingProxyType({table.name: table for table in _ALL})
"""Every table that files can fill, by name."""


def table_of(file_name: str) -> FileTable | None:
    """The table whose name starts the file's name, as in `product_costs_2026-11.xlsx`; None if there is none."""
    stem = file_name.casefold()
    for name, table in TABLES.items():
        if re.match(rf"{name}(?![a-z])", stem):
            return table
    return None
