"""What an import changes beyond its own rows: the order lines, orders and days behind it, asked inside its transaction.

Belongs here: one question per table of `raw_files`, put before and after the rows change. Nothing is written but tables
that end with the transaction. Does not belong here: landing (`connectors.files`), what a cost or rate means (dbt): a
question picks a row as the rule of the same code does. A bundle's line is judged by its own listing, not its parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg

LINES = "marts.fct_order_lines_costed"
BEFORE, AFTER, CHANGED = "omni_import_before", "omni_import_after", "omni_import_changed"


@dataclass(frozen=True, slots=True)
class Impact:
    """What is touched. `lines` None = the table speaks of no order lines; days are Beijing days of the orders."""

    lines: int | None
    orders: int
    days: int
    first_day: date | None
    last_day: date | None

    def __str__(self) -> str:
        if not self.days:
            return "no order line changes" if self.lines is not None else "no day is touched"
        lines = f"{_some(self.lines, 'order line')} of " if self.lines is not None else ""
        orders = f"{_some(self.orders, 'order')} on " if self.orders else ""
        verb = "changes" if self.lines is not None else "touches"
        return f"{verb} {lines}{orders}{_some(self.days, 'day')} ({self.first_day} … {self.last_day})"


def _some(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Question:
    """`columns` of `relation` are compared; `touched` selects parent and day of what differs."""

    relation: str
    columns: str
    touched: str
    has_lines: bool = False


def _lines(relation: str, columns: str, *, where: str, pick: str, value: str) -> Question:
    """Lines for which `pick` finds another `value` than before, among those that `where` finds worth asking about."""
    before, after = (f"(select {value} {pick.format(rows=rows)})" for rows in (BEFORE, AFTER))
    touched = (
        f"select l.parent_key::text, l.order_date from {LINES} l where {where} and {before} is distinct from {after}"
    )
    return Question(relation, columns, touched, has_lines=True)


def _plain(table: str, columns: str, *, parent: str, day: str) -> Question:
    return Question(f"raw_files.{table}", columns, f"select {parent}, {day} from {CHANGED}")


_ON_DAY = "r.effective_from <= l.order_date and (r.effective_to is null or l.order_date < r.effective_to)"
_AT_INSTANT = "r.effective_from <= l.order_placed_at and (r.effective_to is null or l.order_placed_at < r.effective_to)"
_PARENT = "shop_id || '/' || parent_order_sn"
_BEIJING = "({} at time zone 'Asia/Shanghai')::date"

QUESTIONS = {
    # C2
    "product_costs": _lines(
        "staging.stg_files__product_costs",
        "product_id, cost_price, currency, effective_from, effective_to",
        where=f"l.matched_product_id in (select product_id from {CHANGED})",
        value="row(r.cost_price, r.currency)",
        pick="from {rows} r where r.product_id = l.matched_product_id and "
        f"{_AT_INSTANT} order by r.effective_from desc limit 1",
    ),
    # F
    "fx_rates": _lines(
        "staging.stg_files__fx_rates",
        "base_currency, quote_currency, rate, effective_from, effective_to",
        where=f"l.line_currency in (select base_currency from {CHANGED})",
        value="r.rate",
        pick="from {rows} r where r.base_currency = l.line_currency and r.quote_currency = 'CNY' and "
        f"{_ON_DAY} order by r.effective_from desc limit 1",
    ),
    # E
    "fee_rates": _lines(
        "staging.stg_files__fee_rates",
        "fee_type, shop_id, rate, effective_from, effective_to",
        where=f"l.order_date >= (select min(effective_from) from {CHANGED})",
        value="array_agg(x.rate order by x.fee_type)",
        pick="from (select distinct on (r.fee_type) r.fee_type, r.rate from {rows} r "
        f"where (r.shop_id is null or r.shop_id = l.shop_id) and {_ON_DAY} "
        "order by r.fee_type, r.shop_id nulls last, r.effective_from desc) x",
    ),
    "sales_targets": _plain(
        "sales_targets", "target_month, manager, shop_id, metric, target_value", parent="null", day="target_month"
    ),
    "order_charges": _plain(
        "order_charges",
        "shop_id, parent_order_sn, charge_type, amount, currency, charge_date",
        parent=_PARENT,
        day="charge_date",
    ),
    "settlement_lines": _plain(
        "settlement_lines",
        "shop_id, settlement_sn, line_no, parent_order_sn, order_sn, line_type, amount, currency, settled_at",
        parent=_PARENT,
        day=_BEIJING.format("settled_at"),
    ),
    "payouts": _plain(
        "payouts",
        "shop_id, payout_sn, amount, currency, paid_at, status",
        parent="null",
        day=_BEIJING.format("paid_at"),
    ),
    "account_balances": _plain(
        "account_balances",
        "shop_id, currency, snapshot_at, available, frozen",
        parent="null",
        day=_BEIJING.format("snapshot_at"),
    ),
    "inventory_snapshots": _plain(
        "inventory_snapshots",
        "snapshot_date, shop_id, sku_code, on_hand, reserved, in_transit",
        parent="null",
        day="snapshot_date",
    ),
}
"""Managers are no question: they move who answers for a line, not its amounts."""


class ImpactWatch:
    """Looks before and after the rows change; `found` is None where nobody can tell (marts not built yet)."""

    def __init__(self) -> None:
        self.found: Impact | None = None

    @contextmanager
    def __call__(self, conn: psycopg.Connection, table: str) -> Iterator[None]:
        """Fits `connectors.files.Watch`."""
        question = QUESTIONS.get(table)
        if question is None or not _is_answerable(conn, question):
            yield
            return
        _keep(conn, BEFORE, question)
        yield
        _keep(conn, AFTER, question)
        self.found = _answer(conn, question)


def _is_answerable(conn: psycopg.Connection, question: Question) -> bool:
    """Whether the rows follow the landing at once (staging filled by hand does not) and there are lines to compare."""
    needed = [question.relation, LINES] if question.has_lines else [question.relation]
    kinds = conn.execute(
        "select (select relkind from pg_class where oid = to_regclass(name)) from unnest(%s::text[]) name", [needed]
    ).fetchall()
    return all(kind for (kind,) in kinds) and (not question.has_lines or kinds[0] == ("v",))


def _keep(conn: psycopg.Connection, name: str, question: Question) -> None:
    conn.execute(f"create temp table {name} on commit drop as select {question.columns} from {question.relation}")
    conn.execute(f"create index on {name} ({question.columns.partition(',')[0]})")
    conn.execute(f"analyze {name}")


def _answer(conn: psycopg.Connection, question: Question) -> Impact:
    differences = f"(table {BEFORE} except all table {AFTER}) union all (table {AFTER} except all table {BEFORE})"
    conn.execute(f"create temp table {CHANGED} on commit drop as {differences}")
    found = conn.execute(
        "select count(*), count(distinct parent), count(distinct day), min(day), max(day) "
        f"from ({question.touched}) as touched (parent, day)"
    ).fetchone()
    assert found is not None  # noqa: S101 - an aggregate always has one row
    lines, orders, days, first, last = found
    return Impact(lines if question.has_lines else None, orders, days, first, last)
