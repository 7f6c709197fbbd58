"""`omni sync`: read shops now, from the shell, by the same code path as the scheduled runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer

from connectors.errors import ConfigurationError
from connectors.records import Window
from connectors.settings import Settings
from connectors.sync import SyncFailure, SyncReport, sync_shops
from orchestration.cli.console import complain, say, table
from orchestration.cli.db import migrated_database

INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def sync(
    shop: Annotated[list[str] | None, typer.Option(help="Name, mall id or id; repeatable; absent: all.")] = None,
    stream: Annotated[list[str] | None, typer.Option(help="orders, products, …; repeatable; absent: all.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", formats=INSTANTS, help="UTC, inclusive.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=INSTANTS, help="UTC, exclusive.")] = None,
) -> None:
    """Read shops now. Without a window: everything since the last run, and the watermark moves.

    With `--from` and `--to`: that window of update time, and the watermark stays (a backfill). Repeating is harmless.

    Examples: `omni sync` · `omni sync --shop "Acme US" --stream orders --from 2026-11-01 --to 2026-11-08`
    """
    settings = Settings()
    window = _window(start, end)
    url = migrated_database(settings)
    results = sync_shops(
        url, settings=settings, shops=shop, streams=stream, window=window, run_id=f"cli-{uuid4()}", on_event=_show
    )
    reports = [one for one in results if isinstance(one, SyncReport)]
    failures = [one for one in results if isinstance(one, SyncFailure)]
    table("Synchronised", REPORT_COLUMNS, [_row(one) for one in reports if not one.absent])
    for line in _absences(reports):
        say(line)
    for failure in failures:
        complain(failure.message)
    raise typer.Exit(1 if failures else 0)


REPORT_COLUMNS = ("shop", "stream", "calls", "read", "new", "changed", "unchanged", "set aside", "seconds")


def _row(report: SyncReport) -> tuple[object, ...]:
    return (
        report.shop_name,
        report.stream,
        report.calls,
        report.read,
        report.inserted,
        report.updated,
        report.unchanged,
        report.dead_lettered,
        report.seconds,
    )


def _absences(reports: Sequence[SyncReport]) -> list[str]:
    """A line per shop and reason: what a shop like this does not have."""
    streams: dict[tuple[str, str], list[str]] = {}
    for one in reports:
        if one.absent:
            streams.setdefault((one.shop_name, one.absent), []).append(one.stream)
    return [f"{shop} · not available, {why}: {', '.join(names)}" for (shop, why), names in streams.items()]


def _show(event: SyncReport | SyncFailure) -> None:
    if isinstance(event, SyncFailure) or not event.absent:
        say(str(event))


def _window(start: datetime | None, end: datetime | None) -> Window | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise ConfigurationError("a window needs both of its ends", remedy="give --from and --to, or neither")
    return window_of(start, end)


def window_of(start: datetime, end: datetime) -> Window:
    """The window from `start` to `end`, both UTC without saying so. ConfigurationError if it has no length."""
    if end <= start:
        raise ConfigurationError(f"the window ends ({end}) before it starts ({start})", remedy="swap --from and --to")
    return Window(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))
