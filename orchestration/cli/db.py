"""`omni db …`: the database that everything uses."""

from __future__ import annotations

import os
import shutil

import typer

from connectors.errors import ConfigurationError
from connectors.postgres.binaries import find_program
from connectors.postgres.migrate import migrate, table_counts
from connectors.postgres.server import ensure_database
from connectors.settings import Settings
from orchestration.cli.console import counts_table, out

app = typer.Typer(no_args_is_help=True)
SHOWN_SCHEMAS = ("raw_temu", "raw_files", "ops", "marts")


def migrated_database(settings: Settings) -> str:
    """URL of the database that everything uses: started or joined, and its schemas up to date."""
    url = ensure_database(settings)
    migrate(url, settings)
    return url


@app.command("migrate")
def migrate_command() -> None:
    """Create every schema, role and raw table, or bring an older database up to date. Safe to repeat.

    Works on the server that OMNI_DATABASE_URL names, else on the embedded one.
    """
    settings = Settings()
    url = migrated_database(settings)
    for schema in SHOWN_SCHEMAS:
        counts_table(schema, table_counts(url, schema))


@app.command("url")
def url_command() -> None:
    """Print the database URL, starting the embedded server if needed.

    Example: `export OMNI_DATABASE_URL=$(omni db url)`
    """
    out.print(ensure_database(Settings()), markup=False)


@app.command("psql")
def psql_command() -> None:
    """Open psql on the database (the packaged client, or the one on the PATH)."""
    settings = Settings()
    url = ensure_database(settings)
    program = find_program(settings, "psql") or shutil.which("psql")
    if program is None:
        raise ConfigurationError("no psql program was found", remedy="install the PostgreSQL client")
    os.execv(program, [str(program), url])  # noqa: S606 - psql takes over this terminal
