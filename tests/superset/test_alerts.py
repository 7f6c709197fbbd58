"""Where a broker runs, the same file of alerts becomes Superset's own alerts."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
import yaml

from connectors.settings import PROJECT_ROOT
from orchestration.alerts.rules import FENCED_ROLES, read_rules
from tests.superset.installation import Installation

BODY = yaml.safe_load((PROJECT_ROOT / "superset" / "assets" / "alerts.yaml").read_text(encoding="utf-8"))
STATE = """
    select s.name, s.type, s.crontab, s.timezone, s.active, s.grace_period, s.sql, d.slug, r.recipient_config_json,
           s.extra_json
    from superset.report_schedule s
    left join superset.dashboards d on d.id = s.dashboard_id
    left join superset.report_recipient r on r.report_schedule_id = s.id
    order by s.name, r.recipient_config_json
"""


def test_both_schedulers_have_the_same_alerts_at_the_same_times(superset_modules: None) -> None:
    from alerts import wanted

    alerts = {one["name"]: one["crontab"] for one in wanted(BODY, {}) if one["type"] == "Alert"}
    assert alerts == {one.name: one.schedule.cron for one in read_rules()[0] if set(one.to) - set(FENCED_ROLES)}


def test_superset_mails_nobody_who_may_see_less_than_it_draws(superset_modules: None) -> None:
    import alerts

    assert set(FENCED_ROLES) == alerts.FENCED_ROLES
    roles = {role for part in ("alerts", "pictures") for entry in BODY[part].values() for role in entry["to"]}
    everybody = {role: [f"{role}@example.com"] for role in roles}
    mailed = {address.partition("@")[0] for one in alerts.wanted(BODY, everybody) for address in one["to"]}
    assert mailed == roles - set(FENCED_ROLES)


def test_every_picture_is_meant_for_somebody_whom_superset_may_mail() -> None:
    assert [key for key, entry in BODY["pictures"].items() if set(entry["to"]) & set(FENCED_ROLES)] == []


def test_an_alert_that_answers_in_pairs_asks_how_many_it_is_true_for(superset_modules: None) -> None:
    from alerts import wanted

    shared = BODY["alerts"]["stock-out-own"] | {"to": ["manager", "purchasing"]}
    [own] = wanted({"alerts": {"own": shared}, "pictures": {}}, {})
    assert own["sql"].startswith("SELECT COUNT(*) FROM (")
    assert own["sql"].endswith("AS each (recipient, value) WHERE value > 0")


def test_mail_settings_come_from_one_url(superset_modules: None) -> None:
    from mailing import mail_settings

    secure = mail_settings("smtps://bot:p%40ss@mail.example", "omni@example.com")
    assert (secure["SMTP_HOST"], secure["SMTP_PORT"], secure["SMTP_SSL"]) == ("mail.example", 465, True)
    assert (secure["SMTP_USER"], secure["SMTP_PASSWORD"]) == ("bot", "p@ss")
    assert mail_settings("smtp://mail.example", "a@b")["SMTP_STARTTLS"] is True
    assert mail_settings(None, "a@b") == {}


@pytest.mark.services
def test_superset_gets_alerts_and_pictures_once_with_the_mailboxes_of_their_roles(installation: Installation) -> None:
    mail = json.dumps({"finance": ["books@example.com"], "management": ["boss@example.com"]})
    broker: dict[str, Any] = {"OMNI_SUPERSET_BROKER_URL": "redis://127.0.0.1:9/0", "OMNI_BI_MAIL_RECIPIENTS": mail}
    found = []
    for _ in range(2):
        result = installation.run("provision.py", **broker)
        assert result.returncode == 0, result.stderr[-2000:]
        with psycopg.connect(installation.url) as connection:
            found.append(connection.execute(STATE).fetchall())
    assert found[0] == found[1]
    by_name = {row[0]: row for row in found[0]}
    every = [*BODY["alerts"].values(), *BODY["pictures"].values()]
    assert set(by_name) == {one["name"] for one in every if set(one["to"]) - set(FENCED_ROLES)}
    coverage = by_name[BODY["alerts"]["coverage"]["name"]]
    assert coverage[1:6] == ("Alert", "30 9 * * *", "Asia/Shanghai", True, 86_400)
    assert (coverage[7], json.loads(coverage[8])) == ("gmv", {"target": "books@example.com"})
    assert json.loads(coverage[9])["dashboard"]["nativeFilters"] == [
        {
            "nativeFilterId": "NATIVE_FILTER-date_range",
            "filterType": "filter_time",
            "columnName": "",
            "filterValues": ["Last 7 days"],
        }
    ]
    picture = by_name[BODY["pictures"]["executive-daily"]["name"]]
    assert (picture[1], picture[4], picture[7]) == ("Report", True, "executive")
    assert by_name[BODY["alerts"]["dead-letters"]["name"]][4] is False, "nobody of that role: it rests"
