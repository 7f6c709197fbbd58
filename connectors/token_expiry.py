"""When the shops' access tokens end: noted as the platform tells it, warned of two weeks ahead.

Belongs here: `token_expires_at` of `ops.shop_credentials` and `ops.shop_gateways`. Does not belong here: asking the
platform (`connectors.sync`), telling people (`orchestration`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.rows import class_row

NOTICE = timedelta(days=14)
"""Sellers need time to authorise again; a token that has ended stops its shop."""
NOTE = """
    update ops.shop_credentials set token_expires_at = %(expires_at)s
    where shop_id = %(shop_id)s and token_expires_at is distinct from %(expires_at)s
"""
NOTE_FURTHER = """
    update ops.shop_gateways set token_expires_at = %(expires_at)s
    where (shop_id, gateway) = (%(shop_id)s, %(gateway)s) and token_expires_at is distinct from %(expires_at)s
"""


@dataclass(frozen=True, slots=True)
class TokenEnd:
    """The token of an active shop; `gateway` is a further one, None = the shop's own. `expires_at` is aware."""

    shop_id: int
    shop_name: str
    gateway: str | None
    expires_at: datetime

    def is_near(self, now: datetime) -> bool:
        """Whether it is time to warn, or too late for it."""
        return self.expires_at - now <= NOTICE

    def words(self, now: datetime) -> str:
        """Shop, day and remedy in one sentence."""
        place = f", gateway {self.gateway}" if self.gateway else ""
        remedy = (
            f'`omni shops second-gateway --shop "{self.shop_name}"`'
            if self.gateway
            else f'`omni shops authorise --shop "{self.shop_name}"`'
        )
        day = f"{self.expires_at.astimezone(UTC):%Y-%m-%d}"
        when = f"ended on {day}" if self.expires_at <= now else f"ends on {day}, {days_left(self.expires_at, now)}"
        return f"shop {self.shop_name}{place}: the access token {when} → have the seller authorise again: {remedy}"


def days_left(expires_at: datetime, now: datetime) -> str:
    """`in 9 days`, `in 1 day`, `in less than a day`, `expired`."""
    if expires_at <= now:
        return "expired"
    days = (expires_at - now).days
    return "in less than a day" if not days else f"in {days} day{'s' if days > 1 else ''}"


def token_ends(conn: psycopg.Connection) -> list[TokenEnd]:
    """Every known end of a token of an active shop, the earliest first."""
    query = """
        select s.id as shop_id, s.shop_name, t.gateway, t.token_expires_at as expires_at
        from ops.shops s join (
            select shop_id, null as gateway, token_expires_at from ops.shop_credentials
            union all select shop_id, gateway, token_expires_at from ops.shop_gateways
        ) t on t.shop_id = s.id
        where s.is_active and t.token_expires_at is not null
        order by t.token_expires_at, s.id, t.gateway nulls first
    """
    with conn.cursor(row_factory=class_row(TokenEnd)) as cursor:
        return cursor.execute(query).fetchall()
