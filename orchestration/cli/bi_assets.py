"""`omni bi …`: the dashboards of this installation and their files in superset/assets."""

from __future__ import annotations

import typer

from orchestration.cli import bi_users

app = typer.Typer(no_args_is_help=True)
app.add_typer(bi_users.app, name="users", help="Who reads the dashboards, in which role, and whose rows.")
