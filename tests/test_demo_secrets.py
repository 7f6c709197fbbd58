"""Secrets of the running house stay where they were put: no log, run or table tells one, nor Dagster, nor Superset."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from connectors.api_keys import create_key, revoke_key
from connectors.secrets import local_secret
from orchestration.names import REFRESH_ORDERS
from tests.demo_stack import DemoStack
from tests.superset.installation import Reader

pytestmark = pytest.mark.services

SECONDS = 600
SHORTEST = 12
"""Nobody can tell a shorter text from a word."""
SCHEMAS = ["ops", "raw_temu", "raw_files", "dagster", "staging", "intermediate", "marts"]
RUNS = "{ runsOrError(limit: 500) { ... on Runs { results { runId jobName runConfigYaml tags { key value } } } } }"
EVENTS = """
query Events($run: ID!) {
  logsForRun(runId: $run, limit: 1000) {
    ... on EventConnection {
      events {
        ... on MessageEvent { message }
        ... on ExecutionStepFailureEvent { error { message stack causes { message stack } } }
      }
    }
  }
}"""
BI = ("database", "dataset", "chart", "dashboard")


@pytest.fixture
def canaries(demo_stack: DemoStack) -> Iterator[dict[str, str]]:
    """Every secret of the house by name: of shops, what omni made for itself, a key of the API."""
    found = {
        f"{name} of {shop['shop_name']} at {one['gateway']}": one[name]
        for shop in httpx.get(f"{demo_stack.gateway_url}/sandbox/shops", timeout=30).json()
        for one in (shop, *shop["partner"])
        for name in ("app_secret", "access_token")
    }
    for path in (demo_stack.settings.data_dir / "secrets").iterdir():
        found[path.name] = local_secret(demo_stack.settings, path.name).get_secret_value()
    with psycopg.connect(demo_stack.database_url) as conn:
        key, text = create_key(conn, name="canary", role="operator")
    yield {name: text for name, text in found.items() if len(text) >= SHORTEST} | {"key": text.get_secret_value()}
    with psycopg.connect(demo_stack.database_url) as conn:
        revoke_key(conn, key.prefix)


def told(canaries: dict[str, str], said: dict[str, str]) -> list[str]:
    """Which secret is told where."""
    return [f"{name} in {where}" for where, text in said.items() for name, secret in canaries.items() if secret in text]


def ask_dagster(stack: DemoStack, query: str, **variables: object) -> httpx.Response:
    asked = {"query": query, "variables": variables}
    return httpx.post(f"{stack.dagster_url}/graphql", json=asked, timeout=60).raise_for_status()


def read_one_order_again(stack: DemoStack, key: str) -> None:
    """A run with a configuration, started by a program."""
    with psycopg.connect(stack.database_url) as conn:
        [(order,)] = conn.execute("select parent_order_sn from raw_temu.orders limit 1").fetchall()
    door = httpx.Client(base_url=stack.door_url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
    task = door.post(f"/api/sync/orders/{order}").raise_for_status().json()
    deadline = time.monotonic() + SECONDS
    while door.get(task["status_url"]).json()["state"] in ("pending", "running"):
        assert time.monotonic() < deadline
        time.sleep(1)


def test_runs_and_logs_tell_no_secret(demo_stack: DemoStack, canaries: dict[str, str]) -> None:
    read_one_order_again(demo_stack, canaries["key"])
    answer = ask_dagster(demo_stack, RUNS)
    runs: list[dict[str, Any]] = answer.json()["data"]["runsOrError"]["results"]
    assert any(run["jobName"] == REFRESH_ORDERS and "mall_id" in run["runConfigYaml"] for run in runs)
    said = {"runs": answer.text}
    for run in runs[:20]:
        said[f"events of {run['jobName']}"] = ask_dagster(demo_stack, EVENTS, run=run["runId"]).text
    logs = [path for path in (demo_stack.settings.data_dir / "logs").rglob("*") if path.is_file()]
    said |= {path.name: path.read_bytes().decode("latin-1") for path in logs}
    assert any('"message"' in text for where, text in said.items() if where.startswith("events"))
    assert any("orders" in said[path.name] for path in logs)
    assert told(canaries, said) == []


def test_superset_tells_no_secret(demo_stack: DemoStack, canaries: dict[str, str]) -> None:
    admin = Reader.log_in(demo_stack.superset_url, demo_stack.user, demo_stack.password)
    said = {}
    for kind in BI:
        listed = admin.get(f"/api/v1/{kind}/?q=(page_size:200)").raise_for_status()
        said[f"list of {kind}"] = listed.text
        for number in listed.json()["ids"]:
            said[f"{kind} {number}"] = admin.get(f"/api/v1/{kind}/{number}").raise_for_status().text
    connection = admin.get(f"/api/v1/database/{admin.get('/api/v1/database/').json()['ids'][0]}/connection")
    said["connection"] = connection.raise_for_status().text
    assert "bi_reader" in said["connection"]
    assert len(said) > 50
    assert told(canaries, said) == []


def test_no_row_of_any_table_holds_a_secret_in_clear(demo_stack: DemoStack, canaries: dict[str, str]) -> None:
    """In clear, or as the digits of a column that should be sealed."""
    forms = [form for secret in canaries.values() for form in (secret, secret.encode().hex())]
    pattern = "|".join(re.escape(form) for form in forms)
    query = """
        select schemaname, tablename from pg_tables where schemaname = any(%(schemas)s)
        union all select schemaname, viewname from pg_views where schemaname = any(%(schemas)s)
    """
    searched, found = 0, []
    with psycopg.connect(demo_stack.database_url) as conn:
        for schema, table in conn.execute(query, {"schemas": SCHEMAS}).fetchall():
            name = sql.Identifier(schema, table)
            count = sql.SQL("select count(*), count(*) filter (where t::text ~ %s) from {} t").format(name)
            [(rows, telling)] = conn.execute(count, [pattern]).fetchall()
            searched += rows
            found += [f"{schema}.{table}"] * bool(telling)
    assert searched > 10_000
    assert found == []
