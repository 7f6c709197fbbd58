"""`omni docs …`: the data dictionary and everything else that follows from the metric contract."""

from __future__ import annotations

import typer

from connectors.settings import PROJECT_ROOT
from orchestration.cli.console import complain, out

app = typer.Typer(no_args_is_help=True)


@app.command("build")
def build() -> None:
    """Write the data dictionary, dbt's doc blocks and the saved metrics of all datasets. Safe to repeat.

    Edit `dbt_project/metrics.yml` first; a new saved metric needs only its `metric_name` in the dataset file.

    Example: `omni docs build`
    """
    from orchestration.dictionary.files import write_stale

    changed = write_stale()
    for path in changed:
        out.print(f"written: {path.relative_to(PROJECT_ROOT)}", markup=False)
    if not changed:
        out.print("everything says what the contract says")


@app.command("check")
def check() -> None:
    """Say which derived files are out of date, and end with code 1 if any is. Changes nothing.

    Example: `omni docs check`
    """
    from orchestration.dictionary.files import stale

    outdated = [str(path.relative_to(PROJECT_ROOT)) for path in stale()]
    if outdated:
        complain(f"out of date: {', '.join(outdated)} → run omni docs build")
        raise typer.Exit(1)
    out.print("everything says what the contract says")
