"""Judge alerts: what fires, and since when.

Belongs here: asking a condition as the role that may read marts only, and the memory in ops.alert_states. What cannot
be judged says why. Who was told of it is remembered by `tell`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

import psycopg

from orchestration.alerts.rules import Alert, LinkFilter
from orchestration.dashboard_links import FilterValues

MOST_VALUES = 40
QUIET, FIRING, SKIPPED, FAILED = "quiet", "firing", "skipped", "failed"


@dataclass(frozen=True)
class Verdict:
    """What a condition says for one recipient ('' = everybody); `value` is NULL where nothing can be judged."""

    alert: Alert
    recipient: str
    state: str
    value: Decimal | None
    message: str
    filters: FilterValues = field(default_factory=dict)
    """What the link to the dashboard is filtered to: the shops, articles or days that it is about."""


def judge(reader: psycopg.Connection, alert: Alert) -> list[Verdict]:
    """Ask the condition; never raises for a condition that cannot be asked, but says so in the verdict.

    `reader` is logged in as bi_reader, in autocommit mode: it can read marts and nothing else, for half a minute.
    """
    if missing := unbuilt(reader, alert.marts):
        return [Verdict(alert, "", SKIPPED, None, f"not built yet: {', '.join(f'marts.{mart}' for mart in missing)}")]
    try:
        rows = reader.execute(alert.sql).fetchall()
    except psycopg.Error as error:
        return [Verdict(alert, "", FAILED, None, str(error).strip().splitlines()[0])]
    rows = [row for row in rows if row[0] is not None or len(row) == 1]  # what belongs to nobody tells nobody
    return [_with_filters(reader, _verdict(alert, row)) for row in rows] or [
        Verdict(alert, "", QUIET, Decimal(0), "no row")
    ]


def unbuilt(reader: psycopg.Connection, marts: Iterable[str]) -> list[str]:
    """Those of the marts that no build has made yet, each once, in alphabetical order."""
    query = "select mart from unnest(%s::text[]) as mart where to_regclass('marts.' || mart) is null order by mart"
    return [mart for (mart,) in reader.execute(query, [sorted(set(marts))])]


def remember(connection: psycopg.Connection, verdict: Verdict, now: datetime) -> None:
    """Write the verdict down, as looked at `now` (aware)."""
    connection.execute(
        """
        insert into ops.alert_states as s (alert, recipient, state, value, message, firing_since, checked_at)
        values (%(alert)s, %(recipient)s, %(state)s, %(value)s, %(message)s, %(since)s, %(now)s)
        on conflict (alert, recipient) do update
        set state = excluded.state, value = excluded.value, message = excluded.message,
            firing_since = case when excluded.state = 'firing' then coalesce(s.firing_since, excluded.firing_since) end,
            checked_at = excluded.checked_at, is_owed = false
        """,
        {
            "alert": verdict.alert.key,
            "recipient": verdict.recipient,
            "state": verdict.state,
            "value": verdict.value,
            "message": verdict.message,
            "since": now if verdict.state == FIRING else None,
            "now": now,
        },
    )


def stay_owed(connection: psycopg.Connection, verdict: Verdict) -> None:
    """Somebody could not be told: the next round looks again, however long the alert's own rhythm is."""
    connection.execute(
        "update ops.alert_states set is_owed = true where alert = %s and recipient = %s",
        [verdict.alert.key, verdict.recipient],
    )


def settle_absent(connection: psycopg.Connection, alert: Alert, verdicts: list[Verdict], now: datetime) -> None:
    """Recipients that the condition no longer names have nothing that fires."""
    if any(one.state in (SKIPPED, FAILED) for one in verdicts):
        return
    connection.execute(
        "update ops.alert_states set state = 'quiet', value = 0, firing_since = null, checked_at = %s, is_owed = false "
        "where alert = %s and not recipient = any(%s)",
        [now, alert.key, [one.recipient for one in verdicts]],
    )


def last_checks(connection: psycopg.Connection) -> dict[str, datetime]:
    """Alert → when it was last judged. An alert that is owed to somebody is left out: it counts as never judged."""
    query = "select alert, max(checked_at) from ops.alert_states group by alert having not bool_or(is_owed)"
    return dict(connection.execute(query).fetchall())


def _verdict(alert: Alert, row: tuple[object, ...]) -> Verdict:
    recipient, value = ("", row[0]) if len(row) == 1 else (str(row[0]), row[1])
    if value is None:
        return Verdict(alert, recipient, SKIPPED, None, "nothing to judge")
    number = Decimal(str(value))
    return Verdict(alert, recipient, FIRING if number > 0 else QUIET, number, "")


def _with_filters(reader: psycopg.Connection, verdict: Verdict) -> Verdict:
    """A firing verdict with the values of its link. A filter that cannot be asked is left out, which is said."""
    if verdict.state != FIRING:
        return verdict
    found: dict[str, list[str]] = {}
    problems = []
    for one in verdict.alert.filters:
        try:
            values = _values(reader, one, verdict.recipient)
        except psycopg.Error as error:
            problems.append(f"the link is not filtered by {one.name}: {str(error).strip().splitlines()[0]}")
            continue
        if len(values) <= MOST_VALUES:  # an address has an end; with more of them the whole dashboard is the answer
            found[one.name] = values
    return replace(verdict, filters=found, message="; ".join(problems))


def _values(reader: psycopg.Connection, one: LinkFilter, recipient: str) -> list[str]:
    if not one.sql:
        return [one.value.replace("{recipient}", recipient)]
    return [str(row[0]) for row in reader.execute(one.sql, {"recipient": recipient}) if row[0] is not None]
