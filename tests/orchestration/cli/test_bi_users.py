"""`omni bi users`: a reader with own rows needs to be told whose; the others must not be limited by accident."""

from __future__ import annotations

import psycopg
import pytest
from typer.testing import CliRunner

from connectors.errors import ConfigurationError
from connectors.postgres.readers import replace_scope, scope_key
from connectors.settings import Settings
from orchestration.cli.app import app
from orchestration.cli.bi_users import Role, refuse_mismatch


@pytest.mark.parametrize(
    ("role", "managers", "shops", "words"),
    [
        (Role.manager, [], [], "would see nothing"),
        (Role.shop_owner, [], [], "would see nothing"),
        (Role.finance, ["kim"], [], "not limited"),
        (Role.operations, [], ["1"], "not limited"),
        (Role.manager, ["kim"], ["1"], "not limited"),
    ],
)
def test_a_role_and_its_rows_have_to_fit(role: Role, managers: list[str], shops: list[str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        refuse_mismatch(role, managers, shops)


def test_a_changed_scope_replaces_the_former_one(settings: Settings, database_url: str) -> None:
    key = scope_key(settings, "kim")
    assert key != scope_key(settings, "lee")
    with psycopg.connect(database_url) as connection:
        replace_scope(connection, key, "kim", "manager", ["kim", "kim", "noa"])
        assert _values(connection) == ["kim", "noa"]
        replace_scope(connection, key, "kim")
        assert _values(connection) == []


@pytest.mark.parametrize(
    "words", [["bi", "users", "add"], ["bi", "prune"], ["alerts", "test"], ["alerts", "recipients", "add"]]
)
def test_help_has_examples_or_says_what_goes(words: list[str]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0
    assert "xample" in shown.output or "dry-run" in shown.output


def _values(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute("select value from ops.bi_scopes order by value").fetchall()
    return [value for (value,) in rows]
