"""In a container Superset has its own folder and nothing else of the data directory."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.settings import Settings
from orchestration.cli.environment import keep_superset_environment, kept_superset_environment
from tests.superset.installation import Installation, Reader

pytestmark = pytest.mark.services


def test_superset_is_served_and_lets_its_readers_in_with_no_folder_but_its_own(
    installation: Installation, tmp_path: Path
) -> None:
    keep_superset_environment(installation.settings, installation.url)
    shutil.copytree(installation.settings.data_dir / "superset", tmp_path / "superset")
    environment = kept_superset_environment(Settings(_env_file=None, data_dir=tmp_path))
    with replace(installation, environment=environment).served() as address:
        reader = Reader.log_in(address, "admin", environment["OMNI_SUPERSET_ADMIN_PASSWORD"])
        assert reader.get("/api/v1/dashboard/").json()["count"] > 5
    assert [path.name for path in tmp_path.iterdir()] == ["superset"]
