"""The alerts and pictures of assets/alerts.yaml as Superset's own, for installations with a broker. Safe to repeat.

Belongs here: what Superset's scheduler needs to know. Without a broker the same conditions are judged by Dagster
(orchestration/alerts), which tells chat groups in both cases: Superset sends mail, with a picture of the dashboard.
Who gets mail comes from `omni` in OMNI_BI_MAIL_RECIPIENTS: JSON, role → addresses. An alert whose role nobody has is
kept, but rests. Pictures are drawn as the administrator sees the dashboards, so that roles that see less get none from
here: Dagster tells them, each of own rows. Links and pictures carry the filters that have a fixed value; the values of
the others are asked for when an alert fires, by Dagster only.
"""

import json
import os
from pathlib import Path
from typing import Any

import yaml
from links import FILTER_PREFIX

FILE = Path(__file__).resolve().parent / "assets" / "alerts.yaml"
FILTERS = FILE.with_name("native_filters.yaml")
ZONE = "Asia/Shanghai"
OURS = "temu-omni: "  # descriptions of what is made here begin so
WORKING_SECONDS = 600
FENCED_ROLES = {"manager", "shop_owner", "operations"}  # orchestration/alerts/rules.py names the same
MINUTES = {"15 minutes": "*/15 * * * *", "hour": "0 * * * *"}


def ensure_alerts() -> str:
    """One alert or report of Superset for each entry; what left the file is removed."""
    from superset.extensions import db
    from superset.reports.models import ReportSchedule

    entries = wanted(yaml.safe_load(FILE.read_text(encoding="utf-8")), _mail_addresses())
    for one in entries:
        _ensure(one)
    names = {one["name"] for one in entries}
    for old in db.session.query(ReportSchedule).filter(ReportSchedule.description.startswith(OURS)):
        if old.name not in names:
            db.session.delete(old)
    db.session.commit()
    return f"{len(entries)} alerts and pictures, {sum(one['active'] for one in entries)} with recipients"


def wanted(body: dict[str, Any], addresses: dict[str, list[str]]) -> list[dict[str, Any]]:
    """What Superset is to have, as plain values: whatever is meant for somebody who may see everything."""
    return [
        _schedule(key, entry, addresses)
        | ({"type": "Alert", **_condition(entry)} if "sql" in entry else {"type": "Report"})
        for part in ("alerts", "pictures")
        for key, entry in body[part].items()
        if set(entry["to"]) - FENCED_ROLES
    ]


def cron(entry: dict[str, Any]) -> str:
    """When, in cron's words, Beijing time."""
    if "every" in entry:
        return MINUTES[entry["every"]]
    hour, minute = entry["at"].split(":")
    weekday = entry["weekday"] % 7 if "weekday" in entry else "*"
    return f"{int(minute)} {int(hour)} {entry.get('day', '*')} * {weekday}"


def _schedule(key: str, entry: dict[str, Any], addresses: dict[str, list[str]]) -> dict[str, Any]:
    roles = set(entry["to"]) - FENCED_ROLES
    to = sorted({address for role in roles for address in addresses.get(role, [])})
    return {
        "name": entry["name"],
        "description": f"{OURS}{key}; 负责 owner: {entry['owner']}",
        "crontab": cron(entry),
        "dashboard": entry["dashboard"],
        "to": to,
        "active": bool(to),
        "grace_period": int(float(entry.get("grace_hours", 24)) * 3600),
        "extra": {"dashboard": {"nativeFilters": _fixed_filters(entry)}},
    }


def _fixed_filters(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The entry's filters that have one value for everybody, in the words of Superset's reports."""
    specs = {one["id"].removeprefix(FILTER_PREFIX): one for one in yaml.safe_load(FILTERS.read_text(encoding="utf-8"))}
    fixed = {
        name: value
        for name, value in entry.get("filters", {}).items()
        if isinstance(value, str) and "{recipient}" not in value
    }
    return [
        {
            "nativeFilterId": specs[name]["id"],
            "filterType": specs[name]["filterType"],
            "columnName": specs[name].get("column", ""),
            "filterValues": [value],
        }
        for name, value in fixed.items()
    ]


def _condition(entry: dict[str, Any]) -> dict[str, Any]:
    """One number: where the condition answers in pairs, how many recipients it is true for."""
    sql = entry["sql"].strip()
    if {"manager", "shop_owner"} & set(entry["to"]):
        sql = f"SELECT COUNT(*) FROM (\n{sql}\n) AS each (recipient, value) WHERE value > 0"
    return {"sql": sql, "validator_type": "operator", "validator_config_json": json.dumps({"op": ">", "threshold": 0})}


def _ensure(one: dict[str, Any]) -> None:
    from superset.extensions import db
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard
    from superset.reports.models import ReportRecipients, ReportSchedule

    from superset import security_manager

    kept = db.session.query(ReportSchedule).filter_by(name=one["name"], type=one["type"]).one_or_none()
    schedule = kept or ReportSchedule(name=one["name"], type=one["type"])
    db.session.add(schedule)
    plain = ("description", "crontab", "active", "grace_period", "sql", "validator_type", "validator_config_json")
    for key in plain:
        setattr(schedule, key, one.get(key))
    schedule.timezone, schedule.working_timeout, schedule.creation_method = ZONE, WORKING_SECONDS, "alerts_reports"
    schedule.report_format = "PNG" if one["type"] == "Alert" else "PDF"
    schedule.dashboard = db.session.query(Dashboard).filter_by(slug=one["dashboard"]).one()
    schedule.database = db.session.query(Database).one() if one["type"] == "Alert" else None
    schedule.extra = one["extra"]
    schedule.owners = [security_manager.find_user("admin")]
    schedule.recipients = [
        ReportRecipients(type="Email", recipient_config_json=json.dumps({"target": address})) for address in one["to"]
    ]


def _mail_addresses() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(os.environ.get("OMNI_BI_MAIL_RECIPIENTS") or "{}")
    return found
