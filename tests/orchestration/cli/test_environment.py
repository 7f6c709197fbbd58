"""Which process may see what."""

from __future__ import annotations

import pytest

from connectors.settings import Settings
from orchestration.cli.environment import Ports, pipeline_environment, superset_environment

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
    assert "s3cret-of-the-owner" not in environment["OMNI_BI_DATABASE_URL"]


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
