"""What an import changes beyond its own rows: the order lines, orders and days behind it, asked inside its transaction.

Belongs here: one question per table of `raw_files`, put before and after the rows change. Nothing is written but tables
that end with the transaction. Does not belong here: landing (`connectors.files`), what a cost or rate means (dbt): a
question picks a row as the rule of the same code does. A bundle's line is judged by its own listing, not its parts.

Costs, rates and managers change lines, so the days are those of the orders; rows of the other tables carry the day (or
the month) that they count in, and name an order or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg

LINES = "marts.fct_order_lines_costed"
SEEN, SHOPS = "marts.snap_products", "marts.dim_shop"
LISTINGS, ASSIGNMENTS = "staging.stg_temu__products", "staging.stg_files__product_managers"
BEFORE, AFTER, CHANGED = "omni_import_before", "omni_import_after", "omni_import_changed"


@dataclass(frozen=True, slots=True)
class Words:
    """How people are told: what is done to whom (`holder`), in days or months; what is said where nothing is done."""

    verb: str = "touches"
    nothing: str = "no day is touched"
    holder: str = "order"
    span: str = "day"


AMOUNTS = Words("changes", "no order line changes")
ANSWERS = Words("changes who answers for", "each order line keeps who answered for it when it was placed")
TARGETS = Words(nothing="no month is touched", holder="manager", span="month")


@dataclass(frozen=True, slots=True)
class Impact:
    """What is touched. `lines` None = the table speaks of no order lines; `spans` are Beijing days, or months."""

    words: Words
    lines: int | None
    holders: int
    spans: int
    first_day: date | None
    last_day: date | None

    def __str__(self) -> str:
        if self.first_day is None or self.last_day is None:
            return self.words.nothing
        lines = f"{_some(self.lines, 'order line')} of " if self.lines is not None else ""
        each, shown = ("in", "%Y-%m") if self.words.span == "month" else ("on", "%Y-%m-%d")
        holders = f"{_some(self.holders, self.words.holder)} {each} " if self.holders else ""
        period = f"{self.first_day:{shown}} … {self.last_day:{shown}}"
        return f"{self.words.verb} {lines}{holders}{_some(self.spans, self.words.span)} ({period})"


def _some(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Question:
    """`columns` of `rows` are compared; `touched` selects holder and first day of the span of what differs.

    `views` are what `rows` reads of staging; `marts` what `touched` reads, nothing where no line is spoken of.
    """

    rows: str
    columns: str
    touched: str
    words: Words = Words()
    views: tuple[str, ...] = ()
    marts: tuple[str, ...] = ()


def _lines(
    rows: str,
    columns: str,
    *,
    where: str,
    pick: str,
    value: str,
    words: Words = AMOUNTS,
    views: tuple[str, ...] = (),
    marts: tuple[str, ...] = (LINES,),
) -> Question:
    """Lines for which `pick` finds another `value` than before, among those that `where` finds worth asking about."""
    before, after = (f"(select {value} {pick.format(rows=kept)})" for kept in (BEFORE, AFTER))
    touched = (
        f"select l.shop_id || '/' || l.parent_key, l.order_date from {LINES} l "
        f"where {where} and {before} is distinct from {after}"
    )
    return Question(rows, columns, touched, words, views or (rows,), marts)


def _plain(table: str, columns: str, *, day: str, holder: str = "null", words: Words = Words()) -> Question:
    return Question(f"raw_files.{table}", columns, f"select {holder}, {day} from {CHANGED}", words)


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
    # G: the snapshot has seen who answers since it began, which no file undoes; before that the assignment valid at
    # the time counts, and the current one (as if valid from ever) where none was
    "product_managers": _lines(
        f"(select id as product_id, manager, '-infinity'::timestamptz as effective_from from {LISTINGS} "
        f"union all select product_id, manager, effective_from from {ASSIGNMENTS}) as answers",
        "product_id, manager, effective_from",
        where=f"l.matched_product_id in (select product_id from {CHANGED}) and not exists "
        f"(select from {SEEN} s where s.id = l.matched_product_id and s.dbt_valid_from <= l.order_placed_at)",
        value=f"coalesce(r.manager, (select s.default_manager from {SHOPS} s where s.shop_id = l.shop_id))",
        pick="from {rows} r where r.product_id = l.matched_product_id and "
        "r.effective_from <= l.order_placed_at order by r.effective_from desc limit 1",
        words=ANSWERS,
        views=(LISTINGS, ASSIGNMENTS),
        marts=(LINES, SEEN, SHOPS),
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
        "sales_targets",
        "target_month, manager, shop_id, metric, target_value",
        holder="manager",
        day="target_month",
        words=TARGETS,
    ),
    "order_charges": _plain(
        "order_charges",
        "shop_id, parent_order_sn, charge_type, amount, currency, charge_date",
        holder=_PARENT,
        day="charge_date",
    ),
    "settlement_lines": _plain(
        "settlement_lines",
        "shop_id, settlement_sn, line_no, parent_order_sn, order_sn, line_type, amount, currency, settled_at",
        holder=_PARENT,
        day=_BEIJING.format("settled_at"),
    ),
    "payouts": _plain(
        "payouts",
        "shop_id, payout_sn, amount, currency, paid_at, status",
        day=_BEIJING.format("paid_at"),
    ),
    "account_balances": _plain(
        "account_balances",
        "shop_id, currency, snapshot_at, available, frozen",
        day=_BEIJING.format("snapshot_at"),
    ),
    "inventory_snapshots": _plain(
        "inventory_snapshots",
        "snapshot_date, shop_id, sku_code, on_hand, reserved, in_transit",
        day="snapshot_date",
    ),
}
"""Every table of `raw_files` has one: a file of managers moves no amounts, but it moves lines from one to another."""


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
    """Whether staging follows the landing at once (filled by hand it does not) and the marts are there to compare."""
    kinds = conn.execute(
        "select wanted.name = any(%s), relkind = 'v' from unnest(%s::text[]) as wanted (name) "
        "left join pg_class on pg_class.oid = to_regclass(wanted.name)",
        [list(question.marts), [*question.views, *question.marts]],
    ).fetchall()
    return all(is_view is not None and (is_mart or is_view) for is_mart, is_view in kinds)


def _keep(conn: psycopg.Connection, name: str, question: Question) -> None:
    conn.execute(f"create temp table {name} on commit drop as select {question.columns} from {question.rows}")
    conn.execute(f"create index on {name} ({question.columns.partition(',')[0]})")
    conn.execute(f"analyze {name}")


def _answer(conn: psycopg.Connection, question: Question) -> Impact:
    differences = f"(table {BEFORE} except all table {AFTER}) union all (table {AFTER} except all table {BEFORE})"
    conn.execute(f"create temp table {CHANGED} on commit drop as {differences}")
    found = conn.execute(
        "select count(*), count(distinct holder), count(distinct day), min(day), max(day) "
        f"from ({question.touched}) as touched (holder, day)"
    ).fetchone()
    assert found is not None  # noqa: S101 - an aggregate always has one row
    lines, *others = found
    return Impact(question.words, lines if question.marts else None, *others)
