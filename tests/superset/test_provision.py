"""A real Superset brought up from the files alone: twice, with its roles, and refusing to start without its secrets."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from connectors.settings import PROJECT_ROOT, Settings
from orchestration.cli.bi import install_bi
from orchestration.cli.environment import superset_environment
from orchestration.cli.services import superset_python

pytestmark = pytest.mark.services
SUPERSET = PROJECT_ROOT / "superset"
CONTENT = """
    select 'dashboards', count(*) from superset.dashboards
    union all select 'charts', count(*) from superset.slices
    union all select 'datasets', count(*) from superset.tables
    union all select 'columns', count(*) from superset.table_columns
    union all select 'metrics', count(*) from superset.sql_metrics
"""
PERMISSIONS_OF_ANALYST = """
    select p.name || ' on ' || v.name
    from superset.ab_role r
    join superset.ab_permission_view_role pvr on pvr.role_id = r.id
    join superset.ab_permission_view pv on pv.id = pvr.permission_view_id
    join superset.ab_permission p on p.id = pv.permission_id
    join superset.ab_view_menu v on v.id = pv.view_menu_id
    where r.name = 'Analyst'
"""


@pytest.fixture(scope="module")
def environment(
    postgres_server: Any, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What omni gives Superset, for a fresh database; its programs are installed first if they are missing."""
    install_bi()
    data_dir = tmp_path_factory.mktemp("superset") / "data"
    # bi_reader belongs to the whole server: its password is the one in the server's own secrets.
    shutil.copytree(postgres_server.settings.data_dir / "secrets", data_dir / "secrets", copy_function=shutil.copy2)
    settings = Settings(_env_file=None, data_dir=data_dir, database_url=SecretStr(module_database_url))
    return superset_environment(settings, module_database_url)


@pytest.fixture(scope="module")
def provisioned(environment: dict[str, str]) -> dict[str, str]:
    """The same environment, with a Superset that was provisioned once."""
    result = run("provision.py", environment)
    assert result.returncode == 0, result.stderr[-3000:]
    return environment


def run(script: str, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(superset_python()), str(SUPERSET / script), *arguments]
    return subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False, timeout=300)


def test_provisioning_twice_leaves_the_same_dashboards_and_a_viewer_who_can_only_look(
    provisioned: dict[str, str], module_database_url: str
) -> None:
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        content = dict(connection.execute(CONTENT).fetchall())
        second = run("provision.py", provisioned)
        assert second.returncode == 0, second.stderr[-3000:]
        assert dict(connection.execute(CONTENT).fetchall()) == content
        permissions = {row[0] for row in connection.execute(PERMISSIONS_OF_ANALYST).fetchall()}
    assert content["dashboards"] == len(list((SUPERSET / "assets" / "dashboards").glob("*.yaml")))
    assert "can_read on Dashboard" in permissions
    assert any(one.startswith("datasource_access on [temu-omni marts].[mart_gmv_daily]") for one in permissions)
    assert [one for one in permissions if "sql" in one.lower()] == []
    assert {"can_write on Dashboard", "can_write on Chart", "can_write on Dataset"} & permissions == set()


def test_verification_names_every_chart_that_cannot_show_its_mart(provisioned: dict[str, str]) -> None:
    result = run("verify.py", provisioned, "--json")
    answers = json.loads(result.stdout.strip().splitlines()[-1])
    assert result.returncode == 1
    assert len({one["chart"] for one in answers}) > 30
    assert all(one["error"] for one in answers), "no mart exists, so no chart can have an answer"


@pytest.mark.parametrize(
    "name", ["OMNI_SUPERSET_SECRET_KEY", "OMNI_SUPERSET_GUEST_TOKEN_SECRET", "OMNI_SUPERSET_ADMIN_PASSWORD"]
)
def test_without_a_secret_nothing_starts_and_the_message_names_it(environment: dict[str, str], name: str) -> None:
    result = run("provision.py", {key: value for key, value in environment.items() if key != name})
    assert result.returncode != 0
    assert f"{name} is not set" in result.stderr
    assert "Traceback" not in result.stderr.rpartition(name)[2]


def test_the_folder_of_the_files_does_not_hide_the_installed_superset(environment: dict[str, str]) -> None:
    code = "import superset, sys; print(superset.__file__)"
    command = [str(superset_python()), "-c", code]
    result = subprocess.run(command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert "site-packages" in Path(result.stdout.strip()).parts
