"""The way it used to be done: order rows as ORM objects, added up in Python.

Belongs here: what the replaced application did for its statistics page, on the same order lines.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, Date, Numeric, Text, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """Tables as classes."""


class OrderLine(Base):
    """A costed line, as the old application kept it in its order table."""

    __tablename__ = "fct_order_lines_costed"
    __table_args__ = {"schema": "marts"}  # noqa: RUF012 - SQLAlchemy's own form
    order_line_key: Mapped[str] = mapped_column(Text, primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger)
    order_date: Mapped[date] = mapped_column(Date)
    parent_key: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int | None] = mapped_column(BigInteger)
    gmv_cny: Mapped[Decimal | None] = mapped_column(Numeric)
    profit_cny: Mapped[Decimal | None] = mapped_column(Numeric)


def statistics_of_30_days(url: str, last: date) -> tuple[float, Decimal]:
    """Seconds for one statistics page (every line an object, sums in Python), and its GMV."""
    started = time.monotonic()
    gmv: dict[tuple[int, date], Decimal] = defaultdict(Decimal)
    parents: dict[tuple[int, date], set[str]] = defaultdict(set)
    with _session(url) as session:
        wanted = select(OrderLine).where(OrderLine.order_date.between(last - timedelta(days=29), last))
        for line in session.scalars(wanted):
            gmv[line.shop_id, line.order_date] += line.gmv_cny or 0
            parents[line.shop_id, line.order_date].add(line.parent_key)
    return time.monotonic() - started, sum(gmv.values(), Decimal())


def a_query_per_day_and_shop(url: str, last: date) -> float:
    """Seconds for 30 days × shops, one aggregate query each."""
    started = time.monotonic()
    with _session(url) as session:
        shops = session.scalars(select(OrderLine.shop_id).distinct()).all()
        for shop_id in shops:
            for day in (last - timedelta(days=back) for back in range(30)):
                session.execute(
                    select(func.count(OrderLine.parent_key.distinct()), func.sum(OrderLine.gmv_cny)).where(
                        OrderLine.shop_id == shop_id, OrderLine.order_date == day
                    )
                ).one()
    return time.monotonic() - started


def _session(url: str) -> Session:
    return Session(create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1)))
