"""`omni serve NAME`: one process, told where it and the others listen."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli.app import app
from orchestration.cli.environment import keep_superset_environment

Served = tuple[list[str], dict[str, str]]


@pytest.fixture
def serve(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Served]:
    """What `omni serve …` would become: command line and environment."""
    became: list[Served] = []
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir))
    monkeypatch.chdir(PROJECT_ROOT)
    monkeypatch.setattr("orchestration.cli.serve.prepare_manifest", lambda _environment: None)
    monkeypatch.setattr("os.execve", lambda _path, command, environment: became.append((command, environment)))

    def run(*words: str) -> Served:
        result = CliRunner().invoke(app, ["serve", *words])
        assert result.exit_code == 0, result.output
        return became[-1]

    return run


def test_a_port_is_that_of_the_named_service_and_of_no_other(serve: Callable[..., Served]) -> None:
    command, environment = serve("ingest", "--port", "4001")
    assert command[-1] == environment["OMNI_INGEST_PORT"] == "4001"
    for address in ("OMNI_SUPERSET_URL", "OMNI_DAGSTER_URL", "OMNI_TRANSFORM_PORT"):
        assert not environment[address].endswith("4001")


@pytest.mark.parametrize("name", ["transform", "webserver", "door"])
def test_every_service_listens_where_it_is_told(serve: Callable[..., Served], name: str) -> None:
    assert "4711" in serve(name, "--port", "4711")[0]


def test_superset_is_served_without_the_database_and_the_secrets_of_the_pipeline(
    serve: Callable[..., Served],
    settings: Settings,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep_superset_environment(settings, database_url)
    shutil.copytree(settings.data_dir / "superset", tmp_path / "container" / "superset")
    monkeypatch.delenv("OMNI_DATABASE_URL")
    monkeypatch.setenv("OMNI_DATA_DIR", str(tmp_path / "container"))
    monkeypatch.setattr("orchestration.cli.serve.install_bi", lambda: None)
    command, environment = serve("superset", "--port", "4711")
    assert command[-1] == "4711"
    with psycopg.connect(environment["OMNI_SUPERSET_DATABASE_URL"]) as connection:
        assert connection.execute("select current_user").fetchone() == ("superset_keeper",)
    assert [path.name for path in (tmp_path / "container").iterdir()] == ["superset"]


def test_a_process_of_dagster_finds_its_instance_configured(serve: Callable[..., Served], settings: Settings) -> None:
    serve("daemon")
    written = (settings.data_dir / "dagster" / "dagster.yaml").read_text()
    assert written == (PROJECT_ROOT / "orchestration" / "dagster.yaml").read_text()
