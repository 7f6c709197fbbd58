"""`omni secrets …`: the keys that seal what is secret in the database."""

from __future__ import annotations

from typing import Annotated

import psycopg
import typer

from connectors.sealed import SealedColumn, rotate_keys, sealed_values
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.cli.console import out, say, table
from orchestration.cli.db import migrated_database

app = typer.Typer(no_args_is_help=True)


@app.command()
def rotate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be re-sealed and change nothing.")] = False,
) -> None:
    """Re-seal every secret with a new key, then forget the old keys. Services may keep running.

    With OMNI_SECRET_KEYS: put a new key in front first; everything is re-sealed with it, and the others may go.
    Interrupted anywhere, everything stays readable; run it again.

    Example: `omni secrets rotate --dry-run`, then without
    """
    settings = Settings()
    url = migrated_database(settings)
    say("re-sealing …" if not dry_run else "counting …")
    done = rotate_keys(url, settings=settings, dry_run=dry_run)
    verb = "would be re-sealed" if dry_run else "were re-sealed"
    out.print(f"{done.resealed} values {verb} with the newest key", markup=False)
    out.print(_about_keys(done.idle_keys, is_kept=done.is_kept, dry_run=dry_run), markup=False)


def _about_keys(idle: int, *, is_kept: bool, dry_run: bool) -> str:
    if is_kept:
        return f"{idle} older keys {'would be' if dry_run else 'were'} dropped"
    if not idle:
        return "OMNI_SECRET_KEYS holds one key; put a new one in front of it to rotate"
    places = "key 2" if idle == 1 else f"keys 2 to {idle + 1}"
    when = "after the rotation " if dry_run else ""
    return f"{when}{places} of OMNI_SECRET_KEYS can be removed, everywhere where it is set"


@app.command()
def status() -> None:
    """Show how many values each key sealed, by the key's position: 1 is the newest. No value and no key is shown.

    Example: `omni secrets status`
    """
    settings = Settings()
    with psycopg.connect(migrated_database(settings)) as connection:
        box = SecretBox.open(settings)
        found = sealed_values(connection, box)
    columns = ("what", *(f"key {place}" for place in range(1, box.size + 1)), "no key fits")
    table("Sealed values", columns, [_row(one) for one in found])
    raise typer.Exit(1 if any(one.lost for one in found) else 0)


def _row(one: SealedColumn) -> tuple[object, ...]:
    return (f"ops.{one.table}.{one.column}", *one.by_key, one.lost)
