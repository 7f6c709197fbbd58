"""One Superset for all tests of this folder: provisioned once, with a few marts made by hand, served once.

Belongs here: bringing it up and down, marts as their contracts in dbt describe them, asking its API as somebody.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml
from dbt.cli.main import dbtRunner
from psycopg import sql

from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli.bi import install_bi
from orchestration.cli.environment import superset_environment
from orchestration.cli.services import superset_python
from tests.dbt_places import dbt_places

SUPERSET = PROJECT_ROOT / "superset"
MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"
STARTING_SECONDS = 180.0


@dataclass(frozen=True)
class Installation:
    """A provisioned Superset: its settings, its variables and its database."""

    settings: Settings
    url: str = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def prepare(cls, server: Any, url: str, data_dir: Path) -> Installation:
        """What omni gives Superset, for a fresh database; its programs are installed first if they are missing."""
        install_bi()
        settings = server.settings_for(url, data_dir)
        return cls(settings, url, superset_environment(settings, url))

    def run(self, script: str, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts of superset/ as omni does."""
        command = [str(superset_python()), str(SUPERSET / script), *arguments]
        environment = dict(self.environment) | changed
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)

    def make_mart(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """A table with the columns of the mart's contract; what a row does not name is NULL."""
        columns = contract(name)
        with psycopg.connect(self.url, autocommit=True) as connection:
            kinds = sql.SQL(", ").join(sql.SQL("{} " + kind).format(sql.Identifier(c)) for c, kind in columns.items())
            table = sql.Identifier("marts", name)
            connection.execute(sql.SQL("create table {} ({})").format(table, kinds))
            for row in rows:
                names = sql.SQL(", ").join(map(sql.Identifier, row))
                marks = sql.SQL(", ").join(sql.SQL("%s::" + columns[column]) for column in row)
                statement = sql.SQL("insert into {} ({}) values ({})").format(table, names, marks)
                connection.execute(statement, list(row.values()))

    def fence_marts(self, artefacts: Path) -> None:
        """Put dbt's views before the marts."""
        os.environ["OMNI_DATABASE_URL"] = self.url
        try:
            outcome = dbtRunner().invoke(["run-operation", "fence_all_marts", *dbt_places(artefacts)])
        finally:
            del os.environ["OMNI_DATABASE_URL"]
        assert outcome.success, outcome.exception

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """Superset behind its web server until the block ends; yields the address."""
        port = _free_port()
        command = [str(superset_python()), str(SUPERSET / "serve.py"), "--port", str(port)]
        log = self.settings.data_dir / "superset.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(command, env=dict(self.environment), stdout=sink, stderr=subprocess.STDOUT)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(process, address, log)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The truth, from the marts themselves."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]


@dataclass
class Reader:
    """Somebody who is logged in, as their browser is."""

    client: httpx.Client

    @classmethod
    def log_in(cls, address: str, username: str, password: str) -> Reader:
        """A session with a token of its own."""
        client = httpx.Client(base_url=address, timeout=120)
        body = {"username": username, "password": password, "provider": "db", "refresh": False}
        answer = client.post("/api/v1/security/login", json=body)
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        csrf = client.get("/api/v1/security/csrf_token/").json()["result"]
        client.headers.update({"X-CSRFToken": csrf, "Referer": address})
        return cls(client)

    @classmethod
    def with_session(cls, address: str, username: str, password: str) -> Reader:
        """A session as the login form gives one, for the pages that know no token."""
        client = httpx.Client(base_url=address, timeout=120, follow_redirects=True)
        hidden = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login/").text)
        assert hidden is not None
        form = {"username": username, "password": password, "csrf_token": hidden[1]}
        assert client.post("/login/", data=form, headers={"Referer": address}).status_code == 200
        csrf = client.get("/api/v1/security/csrf_token/").json()["result"]
        client.headers.update({"X-CSRFToken": csrf, "Referer": address})
        return cls(client)

    def get(self, path: str) -> httpx.Response:
        """GET as this reader."""
        return self.client.get(path)

    def ask(self, dataset_id: int, columns: Sequence[str], **more: Any) -> httpx.Response:
        """What the table chart asks for raw rows; `more` changes the question, such as result_format."""
        query = {"columns": list(columns), "metrics": more.pop("metrics", []), "row_limit": 1000, "filters": []}
        query |= more.pop("query", {})
        body = {
            "datasource": {"id": dataset_id, "type": "table"},
            "queries": [query],
            "result_format": "json",
            "result_type": "full",
            **more,
        }
        return self.client.post("/api/v1/chart/data", json=body)


def contract(mart: str) -> dict[str, str]:
    """Columns and types of a mart, as dbt promises them."""
    for path in MARTS.rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            if model["name"] == mart:
                return {column["name"]: column["data_type"] for column in model["columns"]}
    raise LookupError(f"no contract of {mart}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{address}/health", timeout=5).is_success:
                return
        time.sleep(0.3)
    raise AssertionError(f"Superset did not start:\n{log.read_text(errors='replace')[-3000:]}")
