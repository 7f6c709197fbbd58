"""`omni ledger`: is every record of a shop and day accounted for, from the platform's count to the marts?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import psycopg
import typer

from connectors.completeness.days import business_day
from connectors.completeness.lateness import learn
from connectors.completeness.ledger import Entry, noteworthy, unbalanced
from connectors.postgres.lateness import all_histograms
from connectors.settings import Settings
from connectors.shops import list_shops
from connectors.sync.session import chosen_shops
from orchestration.cli.console import out, table
from orchestration.cli.db import migrated_database
from orchestration.transform.ledger_counts import read_ledger

COLUMNS = ("shop", "day", "stream", "reported", "landed", "set aside", "staged", "mart", "causes", "unexplained")


def ledger(
    shop: Annotated[list[str] | None, typer.Option(help="Name, mall id or id; repeatable; absent: all.")] = None,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="One day, Beijing time.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="So many days back; absent: OMNI_LEDGER_DAYS.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also the lines without any difference.")] = False,
) -> None:
    """Per shop, day and stream: what the platform reported, what landed, what is staged and in the marts.

    Shows the lines that differ, with the cause of each difference. Exit code 1: something is unexplained.

    Examples: `omni ledger` · `omni ledger --shop "Acme US" --day 2026-11-20` · `omni ledger --days 90 --all`
    """
    settings = Settings()
    url = migrated_database(settings)
    shop_ids = [one.id for one in chosen_shops(url, shop)] if shop else None
    first, last = _span(day, days or settings.ledger_days)
    entries = read_ledger(url, first=first, last=last, shop_ids=shop_ids)
    shown = entries if everything or day else noteworthy(entries)
    table(f"Ledger {first} … {last}", COLUMNS, [_row(one) for one in shown])
    _show_lateness(url, settings, shop_ids)
    bad = unbalanced(entries)
    out.print(f"{len(entries)} lines, {len(entries) - len(bad)} of them balance", markup=False)
    raise typer.Exit(1 if bad else 0)


def _span(day: datetime | None, days: int) -> tuple[date, date]:
    if day:
        return day.date(), day.date()
    today = business_day(datetime.now(UTC))
    return today - timedelta(days=days), today + timedelta(days=2)  # a rehearsal's clock may run before ours


def _row(one: Entry) -> tuple[object, ...]:
    causes = ", ".join(f"{share} {cause}" for cause, share in one.causes.items())
    return (
        one.shop_name,
        str(one.day or "–"),
        one.stream,
        one.reported,
        one.landed,
        one.set_aside,
        one.staged,
        one.mart,
        causes,
        one.unexplained,
    )


def _show_lateness(url: str, settings: Settings, shop_ids: list[int] | None) -> None:
    """How late rows came in the last 30 days, and the overlap that follows from it."""
    with psycopg.connect(url) as connection:
        names = {one.id: one.shop_name for one in list_shops(connection)}
        measured = all_histograms(connection)
    rows: list[tuple[object, ...]] = []
    for (shop_id, stream), histogram in measured.items():
        if shop_ids is None or shop_id in shop_ids:
            found = learn(histogram, least=settings.overlap, most=settings.most_overlap)
            minutes = (found.quantile.total_seconds() / 60, found.overlap.total_seconds() / 60)
            rows.append((names.get(shop_id, f"shop {shop_id}"), stream, found.arrived, found.late, *minutes))
    if rows:
        table("Lateness", ("shop", "stream", "arrived", "late", "99.9 % within min", "overlap min"), rows)
