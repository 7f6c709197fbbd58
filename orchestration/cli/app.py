"""The words of the `omni` command. Each command is a few lines that call the room which owns the work."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from connectors.errors import OmniError
from connectors.logs import configure_process_logs
from connectors.sandbox.cli import app as sandbox_app
from connectors.settings import Settings
from orchestration.cli import (
    alerts,
    api_keys,
    backfill,
    bi_assets,
    db,
    dead_letters,
    docs,
    imports,
    ledger,
    months,
    recount,
    secrets,
    serve,
    shops,
    sync,
    tidy,
)
from orchestration.cli.console import complain

app = typer.Typer(
    name="omni",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help=(
        "temu-omni: exact numbers from many Temu shops, from the platform's API to a dashboard.\n\n"
        "First look: `omni demo`. Your own shops: `omni shops add --help`, then `omni up`."
    ),
)
app.add_typer(db.app, name="db", help="The database: create or upgrade it, show its URL, open psql.")
app.add_typer(alerts.app, name="alerts", help="Alerts and scheduled reports: what, when, to whom.")
app.add_typer(backfill.app, name="backfill", help="Reading old days: what it costs, and doing it.")
app.add_typer(bi_assets.app, name="bi", help="The dashboards: their files, their readers.")
app.add_typer(shops.app, name="shops", help="Shops and their credentials.")
app.add_typer(api_keys.app, name="api-keys", help="Keys of the control API, by role.")
app.add_typer(secrets.app, name="secrets", help="The keys that seal credentials: which seal what, a new one.")
app.add_typer(sandbox_app, name="sandbox", help="A local Temu gateway with invented shops: demo, tests, training.")
app.add_typer(dead_letters.app, name="dead-letters", help="Records that could not be stored: list, show, replay.")
app.add_typer(months.app, name="months", help="Closing the books of a month.")
app.add_typer(docs.app, name="docs", help="The data dictionary, from the metric contract.")
app.command("sync")(sync.sync)
app.command("recount")(recount.recount)
app.command("ledger")(ledger.ledger)
app.command("import")(imports.import_files)
app.command("tidy")(tidy.tidy)
app.command("serve")(serve.serve)
app.command("provision")(serve.provision)

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the log lines, too, one for every call.")]


@app.callback()
def prepare(verbose: Verbose = False) -> None:
    """What all commands share."""
    # What a command tells is enough, but a library's warning has nobody else to tell it.
    configure_process_logs("debug" if verbose else "error", libraries="warning")


Once = Annotated[bool, typer.Option("--once", help="Load, build, check and verify everything, print a summary, stop.")]
Orders = Annotated[int, typer.Option("--orders-per-day", min=1, help="Average orders per shop and day.")]
Seed = Annotated[int, typer.Option("--seed", help="Another seed invents another company.")]


@app.command()
def demo(once: Once = False, orders_per_day: Orders = 12, seed: Seed = 7) -> None:
    """Start everything on invented shops: database, gateway, first load, marts, Dagster UI and Superset.

    A second start keeps the data and is quick. Ctrl-C stops everything.

    Examples: `omni demo` · `omni demo --once` · `OMNI_SUPERSET_PORT=8088 omni demo`
    """
    from orchestration.cli.demo import run_demo

    raise typer.Exit(run_demo(Settings(), once=once, orders_per_day=orders_per_day, seed=seed))


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when all services are well.")] = False,
) -> None:
    """Start the services for your own shops: Dagster UI, daemon, code servers and Superset.

    Reads `.env`. Stop with Ctrl-C, or with `omni down` after `--detach`.
    """
    from orchestration.cli.up import run_up

    raise typer.Exit(run_up(Settings(), detach=detach))


@app.command()
def status() -> None:
    """Say what runs, where, and how fresh each shop's orders are; exit code 3: something is not running."""
    from orchestration.cli.status import show_status

    raise typer.Exit(show_status(Settings()))


@app.command()
def down() -> None:
    """Stop every service that omni started, and the embedded database last. Data stay."""
    from orchestration.cli.up import run_down

    raise typer.Exit(run_down(Settings()))


def main() -> None:
    """Run the command line; an error that we can explain becomes one line and exit code 1."""
    try:
        app()
    except OmniError as error:
        complain(str(error))
        sys.exit(1)
