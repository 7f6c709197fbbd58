"""`omni ledger`: is every record of a shop and day accounted for, from the platform's count to the marts?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from connectors.completeness.days import business_day
from connectors.completeness.ledger import Entry, noteworthy, unbalanced
from connectors.settings import Settings
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
