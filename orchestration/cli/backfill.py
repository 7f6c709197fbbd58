"""`omni backfill …`: what reading old days costs, and reading them, with progress and the time to the end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import uuid4

import typer

from connectors.records import Window
from connectors.settings import Settings
from connectors.sync import StreamQuote, SyncFailure, quote_backfill, streams_by_day, sync_shops
from orchestration.cli.console import complain, out, say, table
from orchestration.cli.db import migrated_database
from orchestration.cli.sync import INSTANTS, window_of
from orchestration.expected import Eta, Expected

app = typer.Typer(no_args_is_help=True)
Shops = Annotated[list[str] | None, typer.Option("--shop", help="Name, mall id or id; repeatable; absent: all.")]
Streams = Annotated[list[str] | None, typer.Option("--stream", help="orders, order_amounts, …; absent: all by day.")]
Start = Annotated[datetime, typer.Option("--from", formats=INSTANTS, help="UTC, inclusive.")]
End = Annotated[datetime, typer.Option("--to", formats=INSTANTS, help="UTC, exclusive.")]
COLUMNS = ("shop", "stream", "calls", "rows", "minutes", "known from")


@app.command()
def quote(start: Start, end: End, shop: Shops = None, stream: Streams = None) -> None:
    """Say what a backfill costs and which marts it touches; nothing is read but one count of shops without a past.

    Minutes: at the present quota of the app key, less what others used of it in the last 24 hours.

    Example: `omni backfill quote --shop "Acme US" --from 2026-08-01 --to 2026-09-01`
    """
    settings = Settings()
    _quoted(migrated_database(settings), settings, shop, stream, window_of(start, end))
    out.print(
        "Start it: the same words after `omni backfill run`, or Dagster › raw_temu/orders › Materialize.", markup=False
    )


@app.command()
def run(start: Start, end: End, shop: Shops = None, stream: Streams = None) -> None:
    """Quote, then read the window whole; the watermark stays, repeating is harmless, news go first.

    Example: `omni backfill run --shop "Acme US" --from 2026-08-01 --to 2026-09-01`
    """
    settings = Settings()
    url, window = migrated_database(settings), window_of(start, end)
    quotes = _quoted(url, settings, shop, stream, window)
    results = sync_shops(
        url, settings=settings, shops=shop, streams=[one.name for one in streams_by_day(stream)], window=window,
        run_id=f"cli-{uuid4()}", on_event=lambda event: say(str(event)), on_progress=Eta(quotes, say),
    )  # fmt: skip
    failures = [one for one in results if isinstance(one, SyncFailure)]
    for failure in failures:
        complain(failure.message)
    raise typer.Exit(1 if failures else 0)


def _quoted(
    url: str, settings: Settings, shops: list[str] | None, streams: list[str] | None, window: Window
) -> list[StreamQuote]:
    quotes = quote_backfill(url, settings=settings, shops=shops, streams=streams, window=window)
    rows: list[tuple[object, ...]] = [
        (one.shop_name, one.stream, one.calls, one.rows, one.minutes, one.basis) for one in quotes
    ]
    table(f"Backfill of {window}", COLUMNS, rows)
    expected = Expected.of(quotes)
    told = f"{expected.calls:,} calls, {expected.minutes} minutes"
    out.print(
        told + (f", and {expected.unknown} streams of which nobody knows" if expected.unknown else ""), markup=False
    )
    if expected.marts is None:
        told = "Which marts change is known after `omni up` or `omni demo` has parsed the dbt project."
    else:
        told = f"{len(expected.marts)} marts change: {', '.join(expected.marts)}"
    out.print(told, markup=False)
    return quotes
