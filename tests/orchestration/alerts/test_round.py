"""A round of alerts on a real database with receivers on this machine: told once, told again, never lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from connectors.notices.recipients import add_recipient, list_recipients
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.alerts.round import Round, run_round
from orchestration.dashboard_links import dashboard_path
from tests.connectors.notices.receivers import ChatService, chat_service

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
RULES = """
alerts:
  late:
    name: 迟 · Late
    sql: SELECT SUM(late) FROM marts.parcels
    every: 15 minutes
    to: [operations]
    dashboard: gmv
    filters: {date_range: Last 7 days, shop: {sql: SELECT manager FROM marts.parcels WHERE late > 0}}
    owner: operations
  own:
    name: 我的 · Mine
    sql: SELECT manager, COUNT(*) FROM marts.parcels WHERE late > 0 GROUP BY manager
    every: 15 minutes
    to: [manager]
    dashboard: hot-sellers
    filters: {manager: "{recipient}"}
    owner: operations
  unbuilt:
    name: 无 · None
    sql: SELECT COUNT(*) FROM marts.not_there
    every: hour
    to: [operations]
    dashboard: gmv
    owner: operations
reports:
  list:
    name: 清单 · List
    at: "08:30"
    period: day
    to: [operations]
    dashboard: gmv
    owner: operations
    sheets:
      - title: 清单 List
        sql: |
          SELECT manager AS "负责人 Manager", late AS "迟 Late", 1.5 AS "金额 Amount (¥)"
          FROM marts.parcels ORDER BY 1
  mine:
    name: 我的清单 · My list
    at: "08:30"
    weekday: 1
    period: week
    to: [manager]
    skip_empty: true
    dashboard: hot-sellers
    owner: operations
    sheets:
      - title: 清单 List
        sql: |
          SELECT manager AS "负责人 Manager", late AS "迟 Late", %(first)s::date AS "自 Date"
          FROM marts.parcels WHERE manager = %(recipient)s AND late > 0
"""


@pytest.fixture
def service() -> Iterator[ChatService]:
    with chat_service() as one:
        yield one


@pytest.fixture
def go(settings: Settings, database_url: str, tmp_path: Path, service: ChatService) -> Any:
    """Run a round so many minutes after NOW."""
    rules = tmp_path / "alerts.yaml"
    rules.write_text(RULES, encoding="utf-8")
    known = settings.model_copy(update={"superset_url": "http://omni.example/"})
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create table marts.parcels as select 'kim' as manager, 0 as late")
        connection.execute("insert into marts.parcels values ('=1+1', 0)")
        box = SecretBox.open(settings)
        for role, subject in (("operations", ""), ("manager", "kim"), ("manager", "lee")):
            add_recipient(
                connection, box, role=role, channel="webhook", target=service.url, secret="s", subject=subject
            )
    return lambda minutes=0: run_round(known, database_url, NOW + timedelta(minutes=minutes), rules)


def late(url: str, manager: str, parcels: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("update marts.parcels set late = %s where manager = %s", [parcels, manager])


def titles(service: ChatService) -> list[str]:
    return [one.json["title"] for one in service.received if not one.json["files"]]


def states(done: Round) -> dict[str, str]:
    return {f"{one.alert.key} {one.recipient}".strip(): one.state for one in done.verdicts}


def test_an_alert_that_stays_true_is_told_once_and_again_after_its_grace_period(
    go: Any, service: ChatService, database_url: str
) -> None:
    assert states(go()) == {"late": "quiet", "own": "quiet", "unbuilt": "skipped"}
    late(database_url, "kim", 3)
    assert states(go(15)) == {"late": "firing", "own kim": "firing"}
    assert sorted(titles(service)) == ["⚠ 我的 · Mine", "⚠ 迟 · Late"]
    for minutes in (30, 60, 15 + 24 * 60 - 1):
        go(minutes)
    assert len(titles(service)) == 2
    go(15 + 24 * 60)
    assert len(titles(service)) == 4
    late(database_url, "kim", 0)
    assert states(go(3000))["late"] == "quiet"
    assert len(titles(service)) == 4


def test_a_manager_is_told_of_own_rows_only_with_a_link(go: Any, service: ChatService, database_url: str) -> None:
    late(database_url, "kim", 2)
    go()
    [told] = [one.json for one in service.received if one.json["title"].endswith("Mine")]
    assert "对象 For: kim" in told["lines"]
    assert told["link"] == "http://omni.example" + dashboard_path("hot-sellers", {"manager": ["kim"]})


def test_the_link_of_an_alert_is_filtered_to_what_fires_and_that_of_a_report_to_its_days(
    go: Any, service: ChatService, database_url: str
) -> None:
    late(database_url, "kim", 2)
    go()
    links = {one.json["title"]: one.json["link"].removeprefix("http://omni.example") for one in service.received}
    about = {"date_range": ["Last 7 days"], "shop": ["kim"]}
    assert links["⚠ 迟 · Late"] == dashboard_path("gmv", about)
    assert links["📊 清单 · List"] == dashboard_path("gmv", {"date_range": ["2026-03-01 : 2026-03-02"]})


def test_an_alert_is_told_though_the_values_of_its_link_cannot_be_asked(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    rules = tmp_path / "alerts.yaml"
    rules.write_text(
        RULES.replace("SELECT manager FROM marts.parcels WHERE late", "SELECT no_such FROM marts.parcels WHERE late")
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create table marts.parcels as select 'kim' as manager, 2 as late")
    found = {one.alert.key: one for one in run_round(settings, database_url, NOW, rules).verdicts}
    assert found["late"].state == "firing"
    assert found["late"].filters == {"date_range": ["Last 7 days"]}
    assert "not filtered by shop" in found["late"].message


def test_what_nobody_took_is_told_again_at_the_next_round(go: Any, service: ChatService, database_url: str) -> None:
    late(database_url, "kim", 1)
    service.status = 503
    done = go()
    assert done.told == 0
    assert any("answered HTTP 503" in one for one in done.problems)
    service.status = 200
    service.received.clear()
    assert go(15).told == 4, "two alerts and two reports"
    with psycopg.connect(database_url) as connection:
        history = connection.execute(
            "select delivered, count(*) from ops.alert_deliveries where name in ('late', 'own') group by 1"
        ).fetchall()
    assert dict(history) == {False: 2, True: 2}


@pytest.fixture
def broken(settings: Settings, database_url: str) -> Iterator[ChatService]:
    """A second recipient for operations, who is away."""
    with chat_service() as other, psycopg.connect(database_url) as connection:
        other.status = 503
        box = SecretBox.open(settings)
        add_recipient(connection, box, role="operations", channel="webhook", target=other.url, secret="", subject="")
        connection.commit()
        yield other


def test_who_could_not_be_told_is_told_later_and_the_others_are_not_told_twice(
    go: Any, service: ChatService, broken: ChatService, database_url: str
) -> None:
    late(database_url, "kim", 1)
    assert any("late to operations by webhook" in one for one in go().problems)
    assert titles(service).count("⚠ 迟 · Late") == 1
    go(15)
    broken.status = 200
    broken.received.clear()
    assert go(30).told == 2, "the alert and the report"
    assert sorted(one.json["title"] for one in broken.received) == ["⚠ 迟 · Late", "📊 清单 · List"]
    assert titles(service).count("⚠ 迟 · Late") == 1
    assert go(45).told == 0
    go(24 * 60)
    assert (titles(service).count("⚠ 迟 · Late"), titles(broken).count("⚠ 迟 · Late")) == (2, 1)
    go(24 * 60 + 30)
    assert titles(broken).count("⚠ 迟 · Late") == 2


def test_a_daily_alert_that_somebody_did_not_take_is_told_at_the_next_round(
    settings: Settings, database_url: str, tmp_path: Path, go: Any, service: ChatService
) -> None:
    rules = tmp_path / "alerts.yaml"
    rules.write_text(RULES.replace("every: 15 minutes", 'at: "12:00"'), encoding="utf-8")
    late(database_url, "kim", 1)
    service.status = 503
    assert go().told == 0
    service.status = 200
    assert go(15).told == 4
    assert states(go(30)) == {}


def test_a_report_is_done_when_everybody_has_it_and_keeps_the_days_that_it_was_wanted_for(
    go: Any, service: ChatService, broken: ChatService
) -> None:
    go()
    [late_at_night] = go(12 * 60 + 30).reports
    assert late_at_night.name == "list-2026-03-01.xlsx", "past midnight in Beijing it is still that of the morning"
    broken.status = 200
    broken.received.clear()
    assert go(12 * 60 + 45).told == 1
    assert [one.json["files"] for one in broken.received] == [["list-2026-03-01.xlsx"]]
    assert [one.json["files"] for one in service.received if one.json["files"]] == [["list-2026-03-01.xlsx"]]
    assert go(13 * 60).reports == []


def test_of_two_rounds_at_once_the_second_leaves_everything_to_the_first(
    go: Any, service: ChatService, database_url: str
) -> None:
    late(database_url, "kim", 1)
    seconds: list[Round] = []
    service.on_request = lambda: seconds.append(go()) if not seconds else None
    first = go()
    assert first.told == len(service.received)
    [second] = seconds
    assert second.left_to_another
    assert (second.verdicts, second.told) == ([], 0)


def test_whoever_is_removed_while_the_round_runs_does_not_stop_it(
    go: Any, service: ChatService, database_url: str
) -> None:
    late(database_url, "kim", 1)

    def forget_all() -> None:
        with psycopg.connect(database_url) as connection:
            connection.execute("delete from ops.alert_recipients")

    service.on_request = forget_all
    assert go().told == 4


def test_a_round_within_the_same_quarter_of_an_hour_does_nothing(go: Any) -> None:
    go()
    done = go(14)
    assert (done.verdicts, done.reports) == ([], [])


def test_a_mart_that_is_not_built_is_said_and_a_broken_condition_is_a_problem(go: Any, database_url: str) -> None:
    done = go()
    assert next(one for one in done.verdicts if one.alert.key == "unbuilt").message == "not built yet: marts.not_there"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("alter table marts.parcels rename column late to later")
    assert any("alert late: column" in one for one in go(15).problems)


def test_conditions_are_asked_as_somebody_who_may_read_marts_only(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    rules = tmp_path / "alerts.yaml"
    rules.write_text(
        RULES.replace("SELECT SUM(late) FROM marts.parcels", "SELECT COUNT(*) FROM ops.shops, marts.parcels")
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create table marts.parcels as select 'kim' as manager, 0 as late")
    assert any("permission denied" in one for one in run_round(settings, database_url, NOW, rules).problems)


def test_a_report_is_written_once_with_its_period_and_text_is_no_formula(
    go: Any, service: ChatService, settings: Settings
) -> None:
    [path] = go().reports
    assert path == settings.data_dir / "reports" / "list-2026-03-01.xlsx"
    table = pl.read_excel(path)
    assert table.columns == ["负责人 Manager", "迟 Late", "金额 Amount (¥)"]
    assert table.to_series(0).to_list() == ["=1+1", "kim"]
    assert table.to_series(2).to_list() == [1.5, 1.5]
    assert [one.json["files"] for one in service.received if one.json["files"]] == [["list-2026-03-01.xlsx"]]
    assert go(15).reports == []


def test_a_personal_report_goes_to_whom_it_is_about_and_to_nobody_when_there_is_nothing(
    go: Any, service: ChatService, settings: Settings, database_url: str
) -> None:
    late(database_url, "kim", 3)
    paths = go().reports  # a Monday: lee has no row
    assert [path.name for path in paths] == ["list-2026-03-01.xlsx", "mine-kim-2026-W09.xlsx"]
    assert pl.read_excel(paths[1]).rows() == [("kim", 3, date(2026, 2, 23))]
    mine = [one.json for one in service.received if "mine-kim-2026-W09.xlsx" in one.json["files"]]
    assert [one["title"] for one in mine] == ["📊 我的清单 · My list"]
    assert list((settings.data_dir / "reports").glob("mine-lee*")) == []


def test_addresses_are_sealed_and_shown_without_their_key(settings: Settings, database_url: str) -> None:
    box = SecretBox.open(settings)
    with psycopg.connect(database_url) as connection:
        target = "https://open.feishu.example/hook/abc-secret"
        add_recipient(connection, box, role="data", channel="feishu", target=target, secret="", subject="")
        [one] = list_recipients(connection, box)
        stored = connection.execute("select target from ops.alert_recipients").fetchone()
    assert one.shown == "https://open.feishu.example/hook/…"
    assert stored is not None
    assert b"abc-secret" not in bytes(stored[0])
