"""Which process may see what."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import ConfigurationError
from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli.environment import (
    Ports,
    keep_superset_environment,
    kept_superset_environment,
    pipeline_environment,
    prepare_dagster_home,
    superset_environment,
)

URL = "postgresql://omni:s3cret-of-the-owner@127.0.0.1:5432/omni"


def test_superset_sees_only_the_reading_role_and_its_own_metadata(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNI_DATABASE_URL", URL)
    monkeypatch.setenv("OMNI_SECRET_KEYS", "key-of-the-credentials")
    environment = superset_environment(settings, URL)
    assert "OMNI_DATABASE_URL" not in environment
    assert "key-of-the-credentials" not in str(environment)
    assert environment["OMNI_BI_DATABASE_URL"].startswith("postgresql://bi_reader:")
    assert environment["OMNI_SUPERSET_DATABASE_URL"].startswith("postgresql://superset_keeper:")
    assert "s3cret-of-the-owner" not in str(environment)


def test_superset_is_given_what_it_reads_and_no_secret_of_anybody_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMNI_PROXY_US", "OMNI_SMTP_URL", "OMNI_WEBHOOK_SEED_SECRET", "OMNI_POSTGRES_PASSWORD", "MY_TOKEN"):
        monkeypatch.setenv(name, "a-secret-of-somebody-else")
    monkeypatch.setenv("OMNI_SUPERSET_THEME", "light")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    environment = superset_environment(settings, URL)
    assert "a-secret-of-somebody-else" not in environment.values()
    assert (environment["OMNI_SUPERSET_THEME"], environment["LC_ALL"]) == ("light", "C.UTF-8")
    assert "PATH" in environment


def test_superset_is_told_the_mail_server_only_where_it_sends_mail_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNI_SMTP_URL", "smtp://mail.example")
    assert "OMNI_SMTP_URL" not in superset_environment(settings, URL)
    monkeypatch.setenv("OMNI_SUPERSET_BROKER_URL", "redis://redis:6379/0")
    assert superset_environment(settings, URL)["OMNI_SMTP_URL"] == "smtp://mail.example"


def test_what_was_kept_for_superset_is_what_it_is_given_and_only_its_owner_reads_it(settings: Settings) -> None:
    keep_superset_environment(settings, URL)
    assert kept_superset_environment(settings) == superset_environment(settings, URL)
    [kept] = (settings.data_dir / "superset").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_superset_that_was_never_prepared_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="omni provision"):
        kept_superset_environment(Settings(_env_file=None, data_dir=tmp_path))


def test_asking_for_the_environment_writes_nothing(settings: Settings) -> None:
    pipeline_environment(settings, URL)
    assert not (settings.data_dir / "dagster").exists()


def test_the_configuration_of_dagster_changes_whole_and_only_when_it_differs(settings: Settings) -> None:
    prepare_dagster_home(settings)
    copy = Path(pipeline_environment(settings, URL)["DAGSTER_HOME"]) / "dagster.yaml"
    first = copy.stat().st_ino
    prepare_dagster_home(settings)
    assert copy.stat().st_ino == first
    copy.write_text("storage: {}\n")
    with copy.open() as reader:
        prepare_dagster_home(settings)
        assert reader.read() == "storage: {}\n"
    assert copy.read_text() == (PROJECT_ROOT / "orchestration" / "dagster.yaml").read_text()
    assert [path.name for path in copy.parent.iterdir()] == ["dagster.yaml"]


def test_generated_secrets_are_long_differ_and_stay_the_same_between_starts(settings: Settings) -> None:
    first, second = superset_environment(settings, URL), superset_environment(settings, URL)
    names = [name for name in first if name.startswith("OMNI_SUPERSET_") and not name.endswith("URL")]
    assert len(names) >= 4
    assert [first[name] for name in names] == [second[name] for name in names]
    assert len({first[name] for name in names}) == len(names)
    assert min(len(first[name]) for name in names) >= 16


def test_children_compile_their_bytecode_whatever_the_caller_exports(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in pipeline_environment(settings, URL, Ports.choose(settings))


def test_free_ports_differ_and_configured_ports_are_kept(settings: Settings) -> None:
    ports = Ports.choose(settings.model_copy(update={"superset_port": 8088}))
    assert ports.superset == 8088
    assert len({ports.ingest, ports.transform, ports.dagster, ports.superset}) == 4


def test_free_ports_are_none_that_an_outgoing_connection_could_take_before_the_service_starts(
    settings: Settings,
) -> None:
    ports = Ports.choose(settings)
    assert all(20_000 <= port < 32_768 for port in (ports.ingest, ports.transform, ports.dagster, ports.superset))
