"""The words of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from connectors.settings import Settings
from orchestration.cli.app import app

runner = CliRunner()


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


ROOT = typer.main.get_command(app)
ALL = sorted(commands(ROOT))


def test_the_command_has_the_words_that_operators_know() -> None:
    words = {" ".join(path) for path in ALL}
    assert words >= {
        *("demo", "up", "status", "down", "sync", "import", "serve", "provision", "secrets rotate", "secrets status"),
        *(
            "db migrate",
            "db url",
            "db psql",
            "shops add",
            "shops list",
            "shops check",
            "shops update",
            "shops deactivate",
            "shops activate",
            "shops authorise",
            "shops subscribe",
            "shops second-gateway",
            "shops quota",
            "backfill quote",
            "backfill run",
            "api-keys create",
            "api-keys list",
            "api-keys revoke",
            "sandbox serve",
            "sandbox advance",
        ),
    }


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    result = runner.invoke(app, [*path, "--help"])
    assert result.exit_code == 0, result.output
    assert len(re.findall(r"[a-z]{3,}", result.output)) > 12


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "2026-11-01"], "needs both"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "before it starts"),
    ],
    ids=["half a window", "a reversed window"],
)
def test_a_wrong_window_is_refused_before_anything_starts(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir / "untouched"))
    result = runner.invoke(app, ["sync", *arguments])
    assert result.exit_code == 1
    assert words in str(result.exception)
    assert not (settings.data_dir / "untouched").exists()
