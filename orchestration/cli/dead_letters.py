"""`omni dead-letters …`: records that could not be stored, and what becomes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import psycopg
import typer

from connectors.errors import ConfigurationError
from connectors.postgres.dead_letters import KeptLetter, close_letters, find_letters
from connectors.settings import Settings
from connectors.sync import replay as replay_letters
from connectors.sync.session import chosen_shops
from orchestration.cli.console import complain, out, say, table
from orchestration.cli.db import migrated_database

app = typer.Typer(no_args_is_help=True)
Shops = Annotated[list[str] | None, typer.Option("--shop", help="Name, mall id or id; repeatable; absent: all.")]
Streams = Annotated[list[str] | None, typer.Option("--stream", help="orders, files/product_costs, …; repeatable.")]
COLUMNS = ("id", "shop", "stream", "record", "reason", "field", "age h", "state")


@app.command("list")
def list_command(
    shop: Shops = None,
    stream: Streams = None,
    resolved: Annotated[bool, typer.Option(help="Those that are settled, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, oldest first.")] = 100,
) -> None:
    """Show what was set aside and why.

    Examples: `omni dead-letters list` · `omni dead-letters list --stream orders --resolved`
    """
    letters = _found(shop, stream, resolved=resolved)
    table("Dead letters", COLUMNS, [_row(one) for one in letters[:limit]])
    if len(letters) > limit:
        out.print(f"{len(letters) - limit} more; see --limit", markup=False)


@app.command()
def show(letter: Annotated[int, typer.Argument(help="The letter's id, from the list.")]) -> None:
    """Everything about one letter: reason, field, run, window, and the record itself (without personal data).

    Example: `omni dead-letters show 17`
    """
    url = migrated_database(Settings())
    with psycopg.connect(url) as connection:
        found = find_letters(connection, ids=[letter], resolved=True)
    if not found:
        raise ConfigurationError(f"there is no dead letter {letter}", remedy="see `omni dead-letters list --resolved`")
    table(f"Dead letter {letter}", ("what", "value"), _facts(found[0]))
    out.print(_pretty(found[0].payload), markup=False)


@app.command()
def replay(
    letters: Annotated[list[int] | None, typer.Argument(help="Ids from the list.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All open letters.")] = False,
    shop: Shops = None,
    stream: Streams = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would become of them, change nothing.")] = False,
    follow: Annotated[bool, typer.Option(help="Read what belongs to the records (money, detail) afterwards.")] = True,
) -> None:
    """Read letters once more: after a mended model each record lands exactly once. Repeating is harmless.

    Examples: `omni dead-letters replay --all --dry-run` · `omni dead-letters replay 17 18` ·
    `omni dead-letters replay --shop "Acme US" --stream orders`
    """
    if not (letters or everything or shop or stream):
        raise ConfigurationError("nothing was chosen", remedy="name letters, --shop or --stream, or say --all")
    settings = Settings()
    url = migrated_database(settings)
    report = replay_letters(
        url, settings=settings, run_id=f"cli-{uuid4()}", ids=letters or None, shops=shop, streams=stream,
        dry_run=dry_run, follow=follow, on_event=lambda event: say(str(event)),
    )  # fmt: skip
    fates = {one.fate: len(report.of(one.fate)) for one in report.letters}
    table("Would be replayed" if dry_run else "Replayed", ("fate", "letters"), list(fates.items()))
    for failure in report.failures:
        complain(failure.message)
    raise typer.Exit(1 if report.failures or "refused again" in fates else 0)


@app.command()
def close(
    letters: Annotated[list[int], typer.Argument(help="Ids from the list.")],
    reason: Annotated[str, typer.Option(help="Why they need not land; kept with them.")],
) -> None:
    """Settle letters that need not land, such as a row that the platform has corrected under another key.

    Example: `omni dead-letters close 17 --reason "corrected by the platform, landed as PO-211-…"`
    """
    url = migrated_database(Settings())
    with psycopg.connect(url) as connection:
        closed = close_letters(connection, letters, f"closed by hand: {reason}")
    out.print(f"{closed} letters closed", markup=False)


def _found(shops: list[str] | None, streams: list[str] | None, *, resolved: bool) -> list[KeptLetter]:
    url = migrated_database(Settings())
    shop_ids = [one.id for one in chosen_shops(url, shops)] if shops else None
    with psycopg.connect(url) as connection:
        return find_letters(connection, shop_ids=shop_ids, streams=streams or None, resolved=resolved)


def _row(one: KeptLetter) -> tuple[object, ...]:
    age = (datetime.now(UTC) - one.created_at).total_seconds() / 3600
    state = one.resolution or ("settled" if one.resolved_at else "open")
    return one.id, one.shop_name, one.stream, one.record_key, one.reason_code, one.field_path, round(age, 1), state


def _facts(one: KeptLetter) -> list[tuple[object, ...]]:
    window = f"{one.window_start:%Y-%m-%d %H:%M:%S} … {one.window_end:%H:%M:%S} UTC" if one.window_start else None
    return [
        ("shop", one.shop_name),
        ("stream", one.stream),
        ("table", one.entity),
        ("record", one.record_key),
        ("reason", one.reason_code),
        ("field", one.field_path),
        ("message", one.message),
        ("run", one.run_id),
        ("window", window),
        ("page", str(one.page) if one.page else None),
        ("since", f"{one.created_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("settled", one.resolution),
    ]


def _pretty(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), ensure_ascii=False, indent=2)
    except ValueError:
        return payload
