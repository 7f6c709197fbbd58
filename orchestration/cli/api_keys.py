"""`omni api-keys …`: who may call the control API, and with which role."""

from __future__ import annotations

from typing import Annotated

import psycopg
import typer

from connectors import api_keys
from connectors.errors import ConfigurationError
from connectors.settings import Settings
from orchestration.cli.console import out, table
from orchestration.cli.db import migrated_database

app = typer.Typer(no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="The person or program that will use it.")],
    role: Annotated[str, typer.Option(help="viewer looks, operator starts and refreshes, admin changes shops.")],
) -> None:
    """Make a key and print it: it is shown this once, only a hash is kept.

    Example: `omni api-keys create --name nightly-report --role operator`
    """
    with psycopg.connect(migrated_database(Settings())) as connection:
        key, text = api_keys.create_key(connection, name=name, role=role)
    out.print(f'the key of "{key.name}" ({key.role}); it cannot be shown again:', markup=False)
    out.print(text.get_secret_value(), markup=False)


@app.command("list")
def list_command() -> None:
    """Show names, roles and readable prefixes of all keys, never the keys themselves."""
    with psycopg.connect(migrated_database(Settings())) as connection:
        keys = api_keys.list_keys(connection)
    rows: list[tuple[object, ...]] = [
        (key.name, key.role, key.prefix, f"{key.created_at:%Y-%m-%d %H:%M}", _ended(key)) for key in keys
    ]
    table("API keys", ("name", "role", "prefix", "created (UTC)", "state"), rows)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Name or prefix.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this the command only says which key ends.")
    ] = False,
) -> None:
    """End a key at once; whoever uses it is refused from then on.

    Examples: `omni api-keys revoke nightly-report` (says what it would do) · the same with `--yes`
    """
    with psycopg.connect(migrated_database(Settings())) as connection:
        if not yes:
            found = [
                one for one in api_keys.list_keys(connection) if key in (one.name, one.prefix) and not one.revoked_at
            ]
            if not found:
                raise ConfigurationError(f'no active key is called "{key}"', remedy="see `omni api-keys list`")
            out.print(f'would revoke "{found[0].name}" ({found[0].role}, {found[0].prefix}); add --yes', markup=False)
            return
        ended = api_keys.revoke_key(connection, key)
    out.print(f'the key "{ended.name}" ({ended.prefix}) is revoked', markup=False)


def _ended(key: api_keys.ApiKey) -> str:
    return f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
