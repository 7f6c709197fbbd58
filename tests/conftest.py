"""What every test may ask for: a Postgres for the session, a fresh migrated database, settings that touch nothing real.

OMNI_TEST_DATABASE_URL names a server to use instead of the embedded one; its user must be allowed to create databases
and roles. Databases made here are dropped again.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import structlog
from psycopg import sql
from pydantic import SecretStr

from connectors.logs import HANDLER
from connectors.postgres.migrate import migrate
from connectors.postgres.server import ensure_database, stop_embedded
from connectors.postgres.urls import with_database
from connectors.settings import Settings
from tests.demo_stack import demo_stack as demo_stack  # a fixture, for every folder of tests


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """Whoever sets up logs, as every command does, sets them up for its own test."""
    yield
    structlog.reset_defaults()
    root = logging.getLogger()
    for handler in [one for one in root.handlers if one.name == HANDLER]:
        root.removeHandler(handler)
    logging.captureWarnings(capture=False)


@dataclass(frozen=True)
class PostgresServer:
    """One server for the whole session: a URL whose user may create databases, and a migrated template."""

    url: str
    template: str
    settings: Settings

    def create_database(self, *, template: str | None = None) -> str:
        """URL of a new database: migrated, unless another template (such as `template1`) is named."""
        name = f"omni_test_{uuid.uuid4().hex[:12]}"
        self._run("create database {} template {}", name, template or self.template)
        self._run("alter database {} set timezone to 'UTC'", name)  # a template does not hand this on
        return with_database(self.url, name)

    def drop_database(self, url: str) -> None:
        """Drop it, whoever is still connected."""
        self._run("drop database if exists {} with (force)", url.split("?")[0].rpartition("/")[2])

    def settings_for(self, url: str, data_dir: Path, **fields: Any) -> Settings:
        """Settings for one of its databases with a new data folder; the environment and .env have no say.

        Roles belong to the server: a folder with another password for them would take it from everybody else.
        """
        shutil.copytree(self.settings.data_dir / "secrets", data_dir / "secrets", copy_function=shutil.copy2)
        return Settings(_env_file=None, data_dir=data_dir, database_url=SecretStr(url), **fields)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server with a migrated template database; embedded in a temporary folder unless the environment names one."""
    configured = os.environ.get("OMNI_TEST_DATABASE_URL")
    _stop_servers_of_killed_sessions()
    folder = Path(tempfile.mkdtemp(prefix="omni-test-"))
    (folder / "session.pid").write_text(str(os.getpid()))
    folder.chmod(0o755)  # so that the server's own user may enter when the tests run as root
    settings = Settings(_env_file=None, data_dir=folder, database_url=SecretStr(configured) if configured else None)
    try:
        url = ensure_database(settings)
        if not configured:
            _stop_waiting_for_the_disk(url)
        server = PostgresServer(url, f"omni_template_{uuid.uuid4().hex[:12]}", settings)
        server._run("create database {}", server.template)
        migrate(with_database(url, server.template), settings)
        yield server
        server._run("drop database {} with (force)", server.template)
    finally:
        if not configured:
            stop_embedded(settings)
        shutil.rmtree(folder)


def _stop_servers_of_killed_sessions() -> None:
    """A session that was killed could not stop its server; the next one does."""
    for left in Path(tempfile.gettempdir()).glob("omni-test-*/session.pid"):
        try:
            if left.stat().st_uid != os.geteuid() or psutil.pid_exists(int(left.read_text() or os.getpid())):
                continue
            left.rename(left.with_suffix(".stopping"))
        except FileNotFoundError:  # another session begins at the same time and was first
            continue
        stop_embedded(Settings(_env_file=None, data_dir=left.parent, database_url=None))
        shutil.rmtree(left.parent)


def _stop_waiting_for_the_disk(url: str) -> None:
    """What these tests write need not survive a power cut, and creating databases costs a quarter of the time."""
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"alter system set {setting} = off")
        connection.execute("select pg_reload_conf()")


@pytest.fixture
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of a fresh migrated database, dropped after the test."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(scope="module")
def module_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Like `database_url`, shared by the tests of one module."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def settings(postgres_server: PostgresServer, database_url: str, tmp_path: Path) -> Settings:
    """Settings with `database_url` and a data folder of this test's own."""
    return postgres_server.settings_for(database_url, tmp_path / "data")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers side by side (`pytest -n 2`) share nothing, so what is dear to start is started by one of them.

    A module stays together, and so do all tests of the running demo, which takes longest and therefore comes first.
    """
    items.sort(key=lambda item: not _needs_demo(item))
    for item in items:
        group = "demo" if _needs_demo(item) else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


def _needs_demo(item: pytest.Item) -> bool:
    return "demo_stack" in getattr(item, "fixturenames", ())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: whatever it needs has to be installed there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("CI") and skipped:
        reporter.write_line(f"{len(skipped)} tests were skipped, which CI does not accept", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
