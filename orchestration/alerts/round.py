"""One round: every alert and report that is due now, judged, written down and told.

Belongs here: the order of the steps, and the summary of a round. Safe to repeat: what was told stays told. Runs without
Dagster: `omni alerts` calls the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg

from connectors.errors import OmniError
from connectors.notices.recipients import MAIL, Recipient, list_recipients
from connectors.postgres.urls import bi_reader_url
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.alerts.evaluate import FAILED, Verdict, judge, last_checks, mark_told, remember, settle_absent
from orchestration.alerts.reports import period_of, write_report
from orchestration.alerts.rules import ALERTS_FILE, Alert, Report, read_rules
from orchestration.alerts.tell import alert_message, deliver, meant, report_message


@dataclass
class Round:
    """What a round did; `problems` are conditions that could not be asked and messages that nobody took."""

    verdicts: list[Verdict] = field(default_factory=list)
    told: int = 0
    reports: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def run_round(
    settings: Settings, url: str, now: datetime, rules: Path = ALERTS_FILE, *, alerts_by_mail: bool = True
) -> Round:
    """Do what is due at `now` (aware). Without `alerts_by_mail` somebody else mails the alerts, not the reports."""
    alerts, reports = read_rules(rules)
    done = Round()
    with (
        psycopg.connect(url, autocommit=True) as connection,
        psycopg.connect(bi_reader_url(url, settings), autocommit=True) as reader,
    ):
        recipients = list_recipients(connection, SecretBox.open(settings))
        told = recipients if alerts_by_mail else [one for one in recipients if one.channel != MAIL]
        checked = last_checks(connection)
        for alert in alerts:
            if alert.schedule.is_due(now, checked.get(alert.key)):
                _alert(connection, reader, settings, alert, told, now, done)
        sent = _last_reports(connection)
        for report in reports:
            if report.schedule.is_due(now, sent.get(report.key)):
                _report(connection, reader, settings, report, recipients, now, done)
    return done


def _alert(
    connection: psycopg.Connection,
    reader: psycopg.Connection,
    settings: Settings,
    alert: Alert,
    recipients: list[Recipient],
    now: datetime,
    done: Round,
) -> None:
    verdicts = judge(reader, alert)
    done.verdicts += verdicts
    for verdict in verdicts:
        if verdict.state == FAILED:
            done.problems.append(f"alert {alert.key}: {verdict.message}")
        if remember(connection, verdict, now):
            whom = meant(recipients, alert.to, verdict.recipient)
            message = alert_message(verdict, settings, now)
            delivered, problems = deliver(connection, settings, alert.key, whom, message)
            done.problems += problems
            done.told += delivered
            if delivered:
                mark_told(connection, verdict, now)
    settle_absent(connection, alert, verdicts, now)


def _report(
    connection: psycopg.Connection,
    reader: psycopg.Connection,
    settings: Settings,
    report: Report,
    recipients: list[Recipient],
    now: datetime,
    done: Round,
) -> None:
    period = period_of(report, now)
    everybody = {one.subject for one in recipients if one.role in report.to} if report.is_personal else {""}
    for subject in sorted(everybody):
        try:
            path = write_report(reader, report, period, settings.data_dir / "reports", subject)
        except OmniError as error:
            _note_report(connection, report, now, str(error))
            return
        if path is None:
            continue
        done.reports.append(path)
        message = report_message(report, period, (path,), settings)
        delivered, problems = deliver(connection, settings, report.key, meant(recipients, report.to, subject), message)
        done.told += delivered
        done.problems += problems
    if everybody:
        _note_report(connection, report, now, None)


def _note_report(connection: psycopg.Connection, report: Report, now: datetime, problem: str | None) -> None:
    """A report is a line of the same memory, so that it is written once for each time that it was wanted."""
    connection.execute(
        "insert into ops.alert_states (alert, state, message, checked_at) values (%s, %s, %s, %s) "
        "on conflict (alert, recipient) do update set state = excluded.state, message = excluded.message, "
        "checked_at = excluded.checked_at",
        [report.key, "skipped" if problem else "quiet", problem, now],
    )


def _last_reports(connection: psycopg.Connection) -> dict[str, datetime]:
    """Report → when it was last written; one that waits for its marts is tried again."""
    query = "select alert, checked_at from ops.alert_states where state <> 'skipped'"
    return dict(connection.execute(query).fetchall())
