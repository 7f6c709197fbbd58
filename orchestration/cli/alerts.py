"""`omni alerts …`: what is told on its own, to whom, and how it went.

Belongs here: the commands. Conditions and reports are in superset/assets/alerts.yaml, the work in orchestration/alerts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import psycopg
import typer

from connectors.errors import ConfigurationError
from connectors.notices.channels import SIGNED
from connectors.notices.recipients import KINDS, Recipient, add_recipient, list_recipients, remove_recipient
from connectors.postgres.urls import bi_reader_url
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import get_shop
from orchestration.alerts.evaluate import FIRING, judge
from orchestration.alerts.reports import period_of, write_report
from orchestration.alerts.rules import PERSONAL_ROLES, Alert, Report, read_roles, read_rules
from orchestration.alerts.tell import alert_message, deliver, meant
from orchestration.cli.console import out, say, table
from orchestration.cli.db import migrated_database

app = typer.Typer(no_args_is_help=True)
people = typer.Typer(no_args_is_help=True)
app.add_typer(people, name="recipients", help="Who is told: mailboxes, webhooks, chat bots, by role.")


@app.command("list")
def list_command() -> None:
    """Show alerts and reports with their last verdict."""
    url = migrated_database(Settings())
    alerts, reports = read_rules()
    with psycopg.connect(url) as connection:
        query = "select alert, string_agg(concat_ws(' ', nullif(recipient, ''), state, value, message), '; ') "
        found = connection.execute(f"{query} from ops.alert_states group by alert").fetchall()
    states: dict[str, str] = dict(found)
    everything: list[Alert | Report] = [*alerts, *reports]
    rows: list[tuple[object, ...]] = [
        (one.key, one.name, one.schedule.cron, ", ".join(one.to), states.get(one.key, "never looked at"))
        for one in everything
    ]
    table("Alerts and reports (Beijing time)", ("key", "name", "when", "to", "last"), rows)


@app.command("test")
def judge_now(
    name: Annotated[str, typer.Argument(help="The alert's key, as `omni alerts list` shows it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge and show; tell nobody.")] = False,
) -> None:
    """Judge one alert now and tell its recipients, whether it fires or not and whether it was told or not.

    Examples: `omni alerts test coverage --dry-run` · `omni alerts test dead-letters`
    """
    settings = Settings()
    url = migrated_database(settings)
    alert = _find(name)
    with psycopg.connect(bi_reader_url(url, settings), autocommit=True) as reader:
        verdicts = judge(reader, alert)
    for verdict in verdicts:
        subject = f"{verdict.recipient}: " if verdict.recipient else ""
        say(f"{subject}{verdict.state}, {verdict.message or verdict.value}")
    with psycopg.connect(url, autocommit=True) as connection:
        recipients = list_recipients(connection, SecretBox.open(settings))
        for verdict in verdicts:
            whom = meant(recipients, alert.to, verdict.recipient)
            message = alert_message(verdict, settings, datetime.now(UTC))
            if dry_run:
                would = "would tell" if verdict.state == FIRING else "would not fire; recipients"
                out.print(f"{message.title}\n{message.text}\n{would}: {_shown(whom)}", markup=False)
                continue
            answers = [deliver(connection, settings, f"test of {alert.key}", one, message) for one in whom]
            problems = list(filter(None, answers))
            out.print(f"{len(whom) - len(problems)} of {len(whom)} messages sent", markup=False)
            for problem in problems:
                say(problem)


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="The report's key.")],
    recipient: Annotated[str, typer.Option("--for", help="Personal reports: the shop's id or manager's name.")] = "",
) -> None:
    """Write one report now, for its latest period, and send it to nobody.

    Examples: `omni alerts report bill-pack` · `omni alerts report scorecard-week --for 3`
    """
    settings = Settings()
    url = migrated_database(settings)
    found = next((one for one in read_rules()[1] if one.key == name), None)
    if found is None:
        raise ConfigurationError(f"there is no report {name}", remedy="see omni alerts list")
    if found.is_personal and not recipient:
        raise ConfigurationError(f"report {name} is about one shop or manager", remedy="name it with --for")
    with psycopg.connect(bi_reader_url(url, settings), autocommit=True) as reader:
        period = period_of(found, datetime.now(UTC))
        path = write_report(reader, found, period, settings.data_dir / "reports", recipient)
    out.print(str(path or "nothing to report"), markup=False)


@people.command("add")
def add_command(
    role: Annotated[
        str, typer.Option(help="A role of superset/assets/alerts.yaml, such as finance, management or shop-owner.")
    ],
    channel: Annotated[str, typer.Option(help=f"{', '.join(KINDS)}.")],
    target: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Mailbox or the bot's address; asked for.")],
    secret: Annotated[
        str | None, typer.Option(help=f"Signing secret, for {', '.join(SIGNED)}; asked for when absent.")
    ] = None,
    subject: Annotated[str, typer.Option(help="For manager: the name. For shop-owner: the shop's name or id.")] = "",
) -> None:
    """Add an address. It is stored sealed, because a bot's address is its password.

    Examples: `omni alerts recipients add --role finance --channel mail --target books@example.com` ·
    `omni alerts recipients add --role operations --channel feishu` (asks for address and secret) ·
    `omni alerts recipients add --role shop-owner --subject "Acme US" --channel wecom`
    """
    role, subject = role.replace("-", "_"), subject.strip()
    refuse_mismatch(role, subject)
    if secret is None:
        secret = _asked_secret() if channel in SIGNED else ""
    settings = Settings()
    with psycopg.connect(migrated_database(settings)) as connection:
        box = SecretBox.open(settings)
        if role == "shop_owner":
            subject = str(get_shop(connection, subject).id)
        number = add_recipient(
            connection, box, role=role, channel=channel, target=target, secret=secret, subject=subject
        )
    out.print(f"recipient {number} is saved; try: omni alerts test dead-letters --dry-run", markup=False)


@people.command("list")
def list_people() -> None:
    """Show the addresses, without what would let others use them."""
    settings = Settings()
    with psycopg.connect(migrated_database(settings)) as connection:
        found = list_recipients(connection, SecretBox.open(settings))
    rows: list[tuple[object, ...]] = [
        (one.id, _as_typed(one.role), one.subject, one.channel, one.shown) for one in found
    ]
    table("Recipients", ("id", "role", "of", "channel", "address"), rows)


@people.command("remove")
def remove_command(number: Annotated[int, typer.Argument(help="The number that `list` shows.")]) -> None:
    """Forget an address."""
    with psycopg.connect(migrated_database(Settings())) as connection:
        is_known_to_superset = remove_recipient(connection, number)
    out.print(f"recipient {number} is removed")
    if is_known_to_superset:
        say("Superset has this mailbox, too, until omni provision runs again")


def refuse_mismatch(role: str, subject: str) -> None:
    """ConfigurationError when nothing is ever told to this role, or not to this subject of it ('' = to all)."""
    if role not in read_roles():
        raise ConfigurationError(
            f"nothing is told to {_as_typed(role)}", remedy=f"one of {', '.join(map(_as_typed, read_roles()))}"
        )
    if role in PERSONAL_ROLES and not subject:
        raise ConfigurationError(
            f"role {_as_typed(role)} is told of own rows only", remedy="say with --subject whose they are"
        )
    if subject and role not in PERSONAL_ROLES:
        raise ConfigurationError(f"role {_as_typed(role)} is told of everybody's rows", remedy="leave --subject out")


def _as_typed(role: str) -> str:
    """The role in the spelling of `omni bi users`."""
    return role.replace("_", "-")


def _asked_secret() -> str:
    return str(typer.prompt("Signing secret (empty: none)", default="", show_default=False, hide_input=True))


def _find(name: str) -> Alert:
    found = next((one for one in read_rules()[0] if one.key == name), None)
    if found is None:
        raise ConfigurationError(f"there is no alert {name}", remedy="see omni alerts list")
    return found


def _shown(recipients: list[Recipient]) -> str:
    return ", ".join(f"{one.role} {one.shown}" for one in recipients) or "nobody yet: omni alerts recipients add --help"
