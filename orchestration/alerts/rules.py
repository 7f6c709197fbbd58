"""Alerts and reports as the file describes them. Reads superset/assets/alerts.yaml and opens nothing else.

Belongs here: the shape of the file and what is wrong with it. The same file is read by superset/alerts.py, which makes
Superset's own alerts of it where a broker runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from connectors.settings import PROJECT_ROOT
from orchestration.alerts.times import Schedule

ALERTS_FILE = PROJECT_ROOT / "superset" / "assets" / "alerts.yaml"
GRACE_HOURS = 24.0
PERIODS = ("day", "week", "month")
PERSONAL_ROLES = ("manager", "shop_owner")
"""Told only of own rows: a condition returns pairs of a recipient and a number, a report is asked for each of them."""
FENCED_ROLES = (*PERSONAL_ROLES, "operations")
"""See less than the administrator, as whom Superset draws the pictures of its letters: only Dagster tells them."""


@dataclass(frozen=True)
class LinkFilter:
    """One filter of the dashboard that an alert leads to: a fixed value, or a query for its values."""

    name: str
    value: str = ""
    sql: str = ""


@dataclass(frozen=True)
class Alert:
    """One condition on the marts."""

    key: str
    name: str
    sql: str
    schedule: Schedule
    to: tuple[str, ...]
    dashboard: str
    owner: str
    grace_hours: float
    filters: tuple[LinkFilter, ...] = ()

    @property
    def marts(self) -> tuple[str, ...]:
        """The marts that the condition reads."""
        return marts_in(self.sql)


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook."""

    title: str
    sql: str
    percent: tuple[str, ...] = ()
    """Heads of the columns that are shares of 1."""


@dataclass(frozen=True)
class Report:
    """A workbook that is sent on a schedule."""

    key: str
    name: str
    schedule: Schedule
    period: str
    to: tuple[str, ...]
    dashboard: str
    owner: str
    sheets: tuple[Sheet, ...]
    skip_empty: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether each recipient gets a workbook of their own."""
        return bool(set(self.to) & set(PERSONAL_ROLES))


def read_rules(path: Path = ALERTS_FILE) -> tuple[list[Alert], list[Report]]:
    """All alerts and reports. ValueError or KeyError names the entry that is not complete."""
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    alerts = [_alert(key, entry) for key, entry in body["alerts"].items()]
    return alerts, [_report(key, entry) for key, entry in body["reports"].items()]


def read_roles(path: Path = ALERTS_FILE) -> tuple[str, ...]:
    """Every role that an alert, a report or a picture is meant for, in alphabetical order."""
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(sorted({role for part in body.values() for entry in part.values() for role in entry["to"]}))


def marts_in(sql: str) -> tuple[str, ...]:
    """Names of the marts that a query reads, in alphabetical order."""
    return tuple(sorted(set(re.findall(r"\bmarts\.(\w+)", sql))))


def _alert(key: str, entry: dict[str, Any]) -> Alert:
    if not marts_in(entry["sql"]):
        raise ValueError(f"alert {key} reads no mart")
    return Alert(
        key,
        entry["name"],
        entry["sql"].strip(),
        Schedule.read(entry, f"alert {key}"),
        tuple(entry["to"]),
        entry["dashboard"],
        entry["owner"],
        float(entry.get("grace_hours", GRACE_HOURS)),
        tuple(_filter(name, given) for name, given in entry.get("filters", {}).items()),
    )


def _filter(name: str, given: str | dict[str, str]) -> LinkFilter:
    return LinkFilter(name, value=given) if isinstance(given, str) else LinkFilter(name, sql=given["sql"].strip())


def _report(key: str, entry: dict[str, Any]) -> Report:
    if entry["period"] not in PERIODS:
        raise ValueError(f"report {key}: period is one of {', '.join(PERIODS)}")
    if set(entry["to"]) & set(PERSONAL_ROLES) and not set(entry["to"]) <= set(PERSONAL_ROLES):
        raise ValueError(f"report {key}: a workbook is either for everybody or for one of {', '.join(PERSONAL_ROLES)}")
    return Report(
        key,
        entry["name"],
        Schedule.read(entry, f"report {key}"),
        entry["period"],
        tuple(entry["to"]),
        entry["dashboard"],
        entry["owner"],
        tuple(Sheet(one["title"], one["sql"].strip(), tuple(one.get("percent", ()))) for one in entry["sheets"]),
        bool(entry.get("skip_empty", False)),
    )
