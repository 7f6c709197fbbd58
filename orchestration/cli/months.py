"""`omni months …`: closing the books of a month."""

from __future__ import annotations

from typing import Annotated

import psycopg
import typer
from rich.table import Table

from connectors.postgres.months import ClosedMonth, close_month, closed_figures, parse_month, published_figures
from connectors.settings import Settings
from orchestration.cli.console import out
from orchestration.cli.db import migrated_database

app = typer.Typer(no_args_is_help=True)
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the figures that would be written down; change nothing.")]


@app.command("close")
def close(
    month: Annotated[str, typer.Argument(help="Year and month, such as 2026-10.")], dry_run: DryRun = False
) -> None:
    """Write down what a month was worth for each shop. Later changes appear beside it as adjustments.

    A month is closed once, after its last day and a good build; closing it again changes nothing.

    Examples: `omni months close 2026-10 --dry-run` · `omni months close 2026-10`
    """
    first_day = parse_month(month)
    with psycopg.connect(migrated_database(Settings())) as connection:
        closed = closed_figures(connection, first_day)
        figures = closed or (published_figures if dry_run else close_month)(connection, first_day)
    if not figures:
        out.print(
            f"{month} has no published order lines: there is nothing to close, the month stays open", markup=False
        )
        return
    state = "is closed already" if closed else "would be closed with" if dry_run else "is closed"
    out.print(f"{month} {state}:", markup=False)
    _show(figures)


def _show(figures: list[ClosedMonth]) -> None:
    table = Table("店铺 shop", "GMV (¥)", "净收入 net revenue (¥)", "利润 profit (¥)")
    for one in figures:
        amounts = (one.gmv_cny, one.net_revenue_cny, one.profit_cny)
        table.add_row(str(one.shop_id), *(f"{amount:,.2f}" for amount in amounts))
    out.print(table)
