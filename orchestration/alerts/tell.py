"""Tell people: the words of an alert or a report, and one delivery per address.

Belongs here: who of the recipients is meant, what they read, the record in ops.alert_deliveries and who took what when
(ops.alert_told). Not here: how a channel is spoken to (connectors/notices).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from connectors.errors import ConfigurationError, OmniError
from connectors.notices.channels import post
from connectors.notices.mail import send_mail
from connectors.notices.message import Message
from connectors.notices.recipients import MAIL, Recipient
from connectors.settings import Settings
from orchestration.alerts.evaluate import Verdict
from orchestration.alerts.reports import Period
from orchestration.alerts.rules import PERSONAL_ROLES, Report
from orchestration.alerts.times import BEIJING
from orchestration.dashboard_links import FilterValues, dashboard_path


def meant(recipients: Sequence[Recipient], roles: Sequence[str], subject: str) -> list[Recipient]:
    """Those of the roles; of managers and shop owners only whose rows it is about."""
    return [
        one
        for one in recipients
        if one.role in roles and (one.role not in PERSONAL_ROLES or (one.subject == subject and subject != ""))
    ]


def alert_message(verdict: Verdict, settings: Settings, now: datetime) -> Message:
    """What an alert says: how much, for whom, since when it was looked at, who mends it."""
    about = f"对象 For: {verdict.recipient}" if verdict.recipient else ""
    lines = (
        f"数值 Value: {verdict.value}",
        about,
        f"时间 At: {now.astimezone(BEIJING):%Y-%m-%d %H:%M} (北京 Beijing)",
        f"负责 Owner: {verdict.alert.owner}",
    )
    link = dashboard_link(settings, verdict.alert.dashboard, verdict.filters)
    return Message(f"⚠ {verdict.alert.name}", tuple(filter(None, lines)), link)


def report_message(report: Report, period: Period, files: tuple[Path, ...], settings: Settings) -> Message:
    """What accompanies a workbook; its link shows the days of the workbook."""
    lines = (f"期间 Period: {period.label}", f"负责 Owner: {report.owner}")
    days = [f"{period.first} : {period.last + timedelta(days=1)}"]
    return Message(f"📊 {report.name}", lines, dashboard_link(settings, report.dashboard, {"date_range": days}), files)


def dashboard_link(settings: Settings, slug: str, filters: FilterValues) -> str:
    """The dashboard's address, filtered; '' when it is not known where dashboards are served."""
    return settings.superset_url.rstrip("/") + dashboard_path(slug, filters) if settings.superset_url else ""


def deliver(
    connection: psycopg.Connection, settings: Settings, name: str, one: Recipient, message: Message
) -> str | None:
    """Send to one address and note how it went; what went wrong, if it was not taken."""
    problem = _problem(settings, one, message)
    connection.execute(
        "insert into ops.alert_deliveries (name, recipient, channel, delivered, detail) values (%s, %s, %s, %s, %s)",
        [name, f"{one.role} {one.subject}".strip(), one.channel, problem is None, problem],
    )
    return problem and f"{name} to {one.role} by {one.channel}: {problem}"


def last_told(connection: psycopg.Connection, name: str, subject: str) -> dict[int, datetime]:
    """Recipient → when it last took this alert or report about `subject` ('' = everybody)."""
    query = "select recipient_id, told_at from ops.alert_told where name = %s and subject = %s"
    return dict(connection.execute(query, [name, subject]).fetchall())


def mark_told(connection: psycopg.Connection, name: str, subject: str, one: Recipient, now: datetime) -> None:
    """From now on this recipient's grace period runs."""
    connection.execute(
        "insert into ops.alert_told (name, subject, recipient_id, told_at) "
        "select %(name)s, %(subject)s, id, %(now)s from ops.alert_recipients where id = %(id)s "  # removed meanwhile?
        "on conflict (name, subject, recipient_id) do update set told_at = excluded.told_at",
        {"name": name, "subject": subject, "id": one.id, "now": now},
    )


def _problem(settings: Settings, one: Recipient, message: Message) -> str | None:
    """Send; why it was not taken, if it was not. One bad address must not keep the others from being told."""
    try:
        _send(settings, one, message)
    except OmniError as error:
        return str(error)
    return None


def _send(settings: Settings, one: Recipient, message: Message) -> None:
    target = one.target.get_secret_value()
    if one.channel == MAIL:
        smtp = settings.smtp_url
        if smtp is None:
            raise ConfigurationError("no mail server is configured", remedy="set OMNI_SMTP_URL")
        send_mail(smtp.get_secret_value(), settings.mail_from, target, message)
    else:
        post(one.channel, target, one.secret.get_secret_value(), message, datetime.now(BEIJING))
