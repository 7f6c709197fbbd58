"""One round: every alert and report that is due now, judged, written down and told.

Belongs here: the order of the steps, and the summary of a round. Safe to repeat: whoever was told is not told again,
whoever was not is told by the next round. Runs without Dagster: `omni alerts` calls the same functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from connectors.errors import OmniError
from connectors.notices.message import Message
from connectors.notices.recipients import MAIL, Recipient, list_recipients
from connectors.postgres.urls import bi_reader_url
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.alerts.evaluate import (
    FAILED,
    FIRING,
    Verdict,
    judge,
    last_checks,
    remember,
    settle_absent,
    stay_owed,
)
from orchestration.alerts.reports import period_of, write_report
from orchestration.alerts.rules import ALERTS_FILE, FENCED_ROLES, Alert, Report, read_rules
from orchestration.alerts.tell import alert_message, deliver, last_told, mark_told, meant, report_message


@dataclass
class Round:
    """What a round did; `problems` are conditions that could not be asked and messages that somebody did not take.

    `left_to_another`: another round was at work, so this one did nothing.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    told: int = 0
    reports: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left_to_another: bool = False


def run_round(
    settings: Settings, url: str, now: datetime, rules: Path = ALERTS_FILE, *, superset_mails: bool = False
) -> Round:
    """Do what is due at `now` (aware). With `superset_mails` the mailboxes that Superset was given are left to it, as
    far as alerts are concerned: it sends no workbooks.
    """
    alerts, reports = read_rules(rules)
    with (
        psycopg.connect(url, autocommit=True) as connection,
        psycopg.connect(bi_reader_url(url, settings), autocommit=True) as reader,
    ):
        if not _is_the_only_one(connection):
            return Round(left_to_another=True)
        work = _Work(connection, reader, settings, now)
        recipients = list_recipients(connection, SecretBox.open(settings))
        told = [one for one in recipients if not (superset_mails and _has_letters_of_superset(one))]
        checked = last_checks(connection)
        for alert in alerts:
            if alert.schedule.is_due(now, checked.get(alert.key)):
                work.alert(alert, told)
        written = _last_reports(connection)
        for report in reports:
            if report.schedule.is_due(now, written.get(report.key)):
                work.report(report, recipients)
    return work.done


def _is_the_only_one(connection: psycopg.Connection) -> bool:
    """Two rounds at once would tell everything twice. The lock ends with the connection."""
    row = connection.execute("select pg_try_advisory_lock(hashtextextended('omni alerts round', 0))").fetchone()
    return bool(row and row[0])


def _has_letters_of_superset(one: Recipient) -> bool:
    return one.channel == MAIL and one.known_to_superset and one.role not in FENCED_ROLES


@dataclass(frozen=True)
class _Work:
    """What the steps of a round need, and what they have done."""

    connection: psycopg.Connection
    reader: psycopg.Connection
    settings: Settings
    now: datetime
    done: Round = field(default_factory=Round)

    def alert(self, alert: Alert, recipients: Sequence[Recipient]) -> None:
        """Judge it and tell whoever was not told within its grace period."""
        verdicts = judge(self.reader, alert)
        self.done.verdicts += verdicts
        for verdict in verdicts:
            if verdict.state == FAILED:
                self.done.problems.append(f"alert {alert.key}: {verdict.message}")
            remember(self.connection, verdict, self.now)
            if verdict.state == FIRING and self._tell_alert(verdict, recipients):
                stay_owed(self.connection, verdict)
        settle_absent(self.connection, alert, verdicts, self.now)

    def report(self, report: Report, recipients: Sequence[Recipient]) -> None:
        """Write it for the moment at which it was wanted, a personal one for each subject, and send it to whoever has
        not got it yet.
        """
        wanted = report.schedule.latest(self.now)
        subjects = {one.subject for one in recipients if one.role in report.to} if report.is_personal else {""}
        problems: list[str] = []
        for subject in sorted(subjects):
            try:
                problems += self._send_report(report, subject, wanted, recipients)
            except OmniError as error:
                _note_report(self.connection, report, self.now, "skipped", str(error))
                return
        if subjects:
            state = "failed" if problems else "quiet"
            _note_report(self.connection, report, self.now, state, "; ".join(problems) or None)

    def _send_report(
        self, report: Report, subject: str, wanted: datetime, recipients: Sequence[Recipient]
    ) -> list[str]:
        period = period_of(report, wanted)
        path = write_report(self.reader, report, period, self.settings.data_dir / "reports", subject)
        if path is None:
            return []
        self.done.reports.append(path)
        told = last_told(self.connection, report.key, subject)
        meant_ones = meant(recipients, report.to, subject)
        whom = [one for one in meant_ones if report.schedule.is_due(self.now, told.get(one.id))]
        return self._tell(report.key, subject, whom, report_message(report, period, (path,), self.settings))

    def _tell_alert(self, verdict: Verdict, recipients: Sequence[Recipient]) -> list[str]:
        alert, subject = verdict.alert, verdict.recipient
        told, grace = last_told(self.connection, alert.key, subject), timedelta(hours=alert.grace_hours)
        whom = [
            one
            for one in meant(recipients, alert.to, subject)
            if one.id not in told or self.now - told[one.id] >= grace
        ]
        return self._tell(alert.key, subject, whom, alert_message(verdict, self.settings, self.now))

    def _tell(self, name: str, subject: str, whom: Sequence[Recipient], message: Message) -> list[str]:
        """What went wrong. Whoever took it is noted at once and stays told, whatever becomes of the round."""
        problems = []
        for one in whom:
            if problem := deliver(self.connection, self.settings, name, one, message):
                problems.append(problem)
            else:
                mark_told(self.connection, name, subject, one, self.now)
                self.done.told += 1
        self.done.problems += problems
        return problems


def _note_report(
    connection: psycopg.Connection, report: Report, now: datetime, state: str, problem: str | None
) -> None:
    """A report is a line of the same memory, so that it is written once for each time that it was wanted."""
    connection.execute(
        "insert into ops.alert_states (alert, state, message, checked_at) values (%s, %s, %s, %s) "
        "on conflict (alert, recipient) do update set state = excluded.state, message = excluded.message, "
        "checked_at = excluded.checked_at",
        [report.key, state, problem, now],
    )


def _last_reports(connection: psycopg.Connection) -> dict[str, datetime]:
    """Report → when everybody had it; one that waits for its marts or for a mail server is tried again."""
    query = "select alert, checked_at from ops.alert_states where state = 'quiet'"
    return dict(connection.execute(query).fetchall())
