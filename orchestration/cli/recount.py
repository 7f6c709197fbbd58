"""`omni recount`: closed days counted by the platform itself, and mended where our count differs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import uuid4

import typer

from connectors.settings import Settings
from connectors.sync import DayCount, SyncFailure, quote_recount
from connectors.sync import recount as recount_days
from orchestration.cli.console import complain, out, say, table
from orchestration.cli.db import migrated_database

DAYS = ["%Y-%m-%d"]


def recount(
    shop: Annotated[list[str] | None, typer.Option(help="Name, mall id or id; repeatable; absent: all.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="First day, Beijing time.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=DAYS, help="Last day, included.")] = None,
    mend: Annotated[bool, typer.Option(help="Read days that differ again, with money and detail.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it costs, ask nobody.")] = False,
) -> None:
    """Ask the platform how many orders and after-sales cases each closed day has, and find those that are missing here.

    Without days: the last OMNI_RECOUNT_DAYS closed ones. Repeating is harmless; watermarks stay.

    Examples: `omni recount --dry-run` · `omni recount --shop "Acme US" --from 2026-11-01 --to 2026-11-30`
    """
    settings = Settings()
    url = migrated_database(settings)
    first, last = _day(start), _day(end)
    if dry_run:
        _quote(url, settings, shop, first, last)
        return
    outcomes = recount_days(
        url, settings=settings, shops=shop, first=first, last=last, run_id=f"cli-{uuid4()}", mend=mend,
        on_event=lambda event: say(str(event)),
    )  # fmt: skip
    counts = [one for one in outcomes if isinstance(one, DayCount)]
    failures = [one for one in outcomes if isinstance(one, SyncFailure)]
    counts.sort(key=lambda one: (one.shop_id, one.stream, one.day))
    table("Orders and cases by day", COLUMNS, [count_row(one) for one in counts])
    for failure in failures:
        complain(failure.message)
    raise typer.Exit(1 if failures or any(one.unexplained for one in counts) else 0)


COLUMNS = ("shop", "stream", "day", "reported", "landed", "found now", "set aside", "unexplained")


def count_row(one: DayCount) -> tuple[object, ...]:
    """A counted day in the order of `COLUMNS`."""
    return (
        one.shop_name,
        one.stream,
        str(one.day),
        one.reported,
        one.landed,
        one.found,
        one.set_aside,
        one.unexplained,
    )


def _quote(url: str, settings: Settings, shops: list[str] | None, first: date | None, last: date | None) -> None:
    quotes = quote_recount(url, settings=settings, shops=shops, first=first, last=last)
    rows: list[tuple[object, ...]] = [(one.shop_name, one.days, one.calls, one.seconds) for one in quotes]
    table("What counting costs", ("shop", "days", "calls", "seconds at the present quota"), rows)
    out.print(
        "A day that differs costs a call per 100 of its records more, and one or two per record found.", markup=False
    )


def _day(instant: datetime | None) -> date | None:
    return instant.date() if instant else None
