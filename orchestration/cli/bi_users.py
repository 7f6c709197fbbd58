"""`omni bi users`: who reads the dashboards, in which role, and whose rows.

Belongs here: the commands. The two fences behind them are in superset/ (access.py, readers.py) and in the database.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import psycopg
import typer

from connectors.errors import ConfigurationError
from connectors.postgres.readers import replace_scope, scope_key
from connectors.settings import Settings
from connectors.shops import get_shop
from orchestration.cli.bi import install_bi, run_bi_script
from orchestration.cli.console import out, table
from orchestration.cli.db import migrated_database
from orchestration.cli.environment import superset_environment

app = typer.Typer(no_args_is_help=True)
PASSWORD_VARIABLE = "OMNI_BI_USER_PASSWORD"  # noqa: S105 - the name of a variable


class Role(StrEnum):
    """What a reader may be."""

    finance = "finance"
    operations = "operations"
    manager = "manager"
    shop_owner = "shop-owner"


@app.command()
def add(
    username: Annotated[str, typer.Argument(help="The name to log in with.")],
    role: Annotated[Role, typer.Option(help="finance: everything. operations: no unit costs. The others: own rows.")],
    manager: Annotated[
        list[str] | None, typer.Option(help="Whose products; for role manager, may be repeated.")
    ] = None,
    shop: Annotated[list[str] | None, typer.Option(help="Name or id; for role shop-owner, may be repeated.")] = None,
    keep_password: Annotated[bool, typer.Option(help="Change the role only.")] = False,
) -> None:
    """Add a reader of the dashboards, or change the role and the rows of one. The password is asked for.

    OMNI_BI_USER_PASSWORD gives it without a question.

    Examples: `omni bi users add li --role finance` · `omni bi users add kim --role manager --manager kim` ·
    `omni bi users add wang --role shop-owner --shop "Acme US" --shop "Acme DE"`
    """
    settings = Settings()
    url = migrated_database(settings)
    managers, shops = manager or [], shop or []
    refuse_mismatch(role, managers, shops)
    password = None if keep_password else _password()
    with psycopg.connect(url) as connection:
        values = managers or [str(get_shop(connection, name).id) for name in shops]
        kind = {Role.manager: "manager", Role.shop_owner: "shop"}.get(role)
        replace_scope(connection, scope_key(settings, username), username, kind, values)  # type: ignore[arg-type]
    install_bi()
    group = role.value.replace("-", "_")
    reader = {"username": username, "password": password, "group": group, "values": values}
    question = {"action": "add", "readers": [reader]}
    run_bi_script(superset_environment(settings, url), "users.py", question=question)
    out.print(f"{username} reads as {role.value}{': ' + ', '.join(managers or shops) if values else ''}", markup=False)


@app.command("list")
def list_command() -> None:
    """Show all users with their roles and whose rows they see."""
    settings = Settings()
    url = migrated_database(settings)
    with psycopg.connect(url) as connection:
        query = "select username, string_agg(kind || ' ' || value, ', ' order by value) from ops.bi_scopes group by 1"
        scopes: dict[str, str] = dict(connection.execute(query).fetchall())
    install_bi()
    users = run_bi_script(superset_environment(settings, url), "users.py", question={"action": "list"})
    if not isinstance(users, list):
        raise ConfigurationError("superset/users.py answered no list", remedy="omni provision, then try again")
    rows: list[tuple[object, ...]] = [
        (one["username"], ", ".join(one["roles"]), scopes.get(one["username"], "all"), one["last_login"] or "never")
        for one in users
    ]
    table("Readers", ("name", "roles", "rows", "last login"), rows)


def refuse_mismatch(role: Role, managers: list[str], shops: list[str]) -> None:
    """ConfigurationError when a role that is limited has nobody's rows, or one that is not has somebody's."""
    needed = {Role.manager: managers, Role.shop_owner: shops}
    if role in needed and not needed[role]:
        option = "--manager" if role is Role.manager else "--shop"
        raise ConfigurationError(
            f"role {role.value} without {option} would see nothing", remedy=f"name it with {option}"
        )
    if (managers and role is not Role.manager) or (shops and role is not Role.shop_owner):
        raise ConfigurationError(
            f"role {role.value} is not limited to managers or shops", remedy="leave that option out"
        )


def _password() -> str:
    given = os.environ.get(PASSWORD_VARIABLE)
    return given or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
