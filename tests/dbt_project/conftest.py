"""A warehouse to build marts in: one migrated database for this folder, dbt run in-process, staging filled by hand.

One database and one parsed project: left alone, dbt parses everything again for each new database and for each other
`--vars`, which costs as much as building. Variables still count, they are read when a node is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from psycopg import sql

from connectors.postgres.migrate import migrate
from tests.dbt_places import dbt_places

BUILT_SCHEMAS = ("staging", "intermediate", "marts")


@dataclass(frozen=True)
class Warehouse:
    """A database and the dbt project that builds into it."""

    url: str
    artefacts: Path
    parsed: Manifest

    def dbt(self, *arguments: str) -> list[Any]:
        """Run dbt; fail with its messages if anything failed. Returns the results of the nodes."""
        # A copy, because compiling writes into it.
        outcome = dbtRunner(manifest=self.parsed.deepcopy()).invoke([*arguments, *dbt_places(self.artefacts)])
        if outcome.exception is not None:
            raise outcome.exception
        results = list(getattr(outcome.result, "results", None) or [])
        failures = [f"{r.node.name}: {r.message}" for r in results if str(r.status) in ("error", "fail", "skipped")]
        assert outcome.success, "\n".join(failures)
        return results

    def build_marts(self, *arguments: str, breaks: str | None = None) -> list[Any]:
        """What somebody runs who filled staging by hand; unit tests need no second proof here.

        `breaks` is an E rule on data that these rows are meant to break; it would stop what is built from them.
        """
        without = ["--exclude", breaks] if breaks else []
        selected = ["build", "--select", "intermediate", "marts", *without, "--exclude-resource-type", "unit_test"]
        return self.dbt(*selected, *arguments)

    def empty(self) -> None:
        """Back to a database in which nothing was built."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for schema in BUILT_SCHEMAS:
                connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))

    def fill(self, model: str, types: Mapping[str, str], rows: Sequence[Mapping[str, object]]) -> None:
        """Create `staging.<model>` as a table of these column types and put rows into it."""
        name = sql.Identifier("staging", model)
        columns = sql.SQL(", ").join(sql.SQL("{} " + kind).format(sql.Identifier(c)) for c, kind in types.items())
        names = sql.SQL(", ").join(map(sql.Identifier, types))
        marks = sql.SQL(", ").join(sql.SQL("%s::" + kind) for kind in types.values())
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("create schema if not exists staging")
            connection.execute(sql.SQL("create table {} ({})").format(name, columns))
            for row in rows:
                statement = sql.SQL("insert into {} ({}) values ({})").format(name, names, marks)
                connection.execute(statement, [row.get(column) for column in types])

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries."""
        with psycopg.connect(self.url, row_factory=psycopg.rows.dict_row) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def execute(self, statement: str) -> None:
        """One statement, committed."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def _warehouse(postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    url, artefacts = postgres_server.create_database(), tmp_path_factory.mktemp("dbt")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMNI_DATABASE_URL", url)
        outcome = dbtRunner().invoke(["parse", *dbt_places(artefacts)])
    if outcome.exception is not None:
        raise outcome.exception
    assert isinstance(outcome.result, Manifest)
    yield Warehouse(url, artefacts, outcome.result)
    postgres_server.drop_database(url)


@pytest.fixture
def warehouse(_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """The database of this folder with nothing built in it."""
    monkeypatch.setenv("OMNI_DATABASE_URL", _warehouse.url)
    _warehouse.empty()
    return _warehouse


@pytest.fixture(scope="module")
def migrated_warehouse(_warehouse: Warehouse, postgres_server: Any) -> Iterator[Warehouse]:
    """The database of this folder with every raw table in it and nothing built, for all tests of a module."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMNI_DATABASE_URL", _warehouse.url)
        _warehouse.empty()
        migrate(_warehouse.url, postgres_server.settings)
        yield _warehouse
        _warehouse.empty()


Fill = Callable[[Warehouse], None]
