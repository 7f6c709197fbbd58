"""A real Superset brought up from the files alone: twice, with its roles, and refusing to start without its secrets."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import psycopg
import pytest

from connectors.settings import PROJECT_ROOT
from orchestration.cli.services import superset_python
from tests.superset.installation import Installation

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


def test_provisioning_twice_leaves_the_same_dashboards_and_a_viewer_who_can_only_look(
    installation: Installation,
) -> None:
    with psycopg.connect(installation.url, autocommit=True) as connection:
        content = dict(connection.execute(CONTENT).fetchall())
        second = installation.run("provision.py")
        assert second.returncode == 0, second.stderr[-3000:]
        assert dict(connection.execute(CONTENT).fetchall()) == content
        permissions = {row[0] for row in connection.execute(PERMISSIONS_OF_ANALYST).fetchall()}
    assert content["dashboards"] == len(list((SUPERSET / "assets" / "dashboards").glob("*.yaml")))
    assert "can_read on Dashboard" in permissions
    assert any(one.startswith("datasource_access on [temu-omni marts].[mart_gmv_daily]") for one in permissions)
    assert [one for one in permissions if "sql" in one.lower()] == []
    assert {"can_write on Dashboard", "can_write on Chart", "can_write on Dataset"} & permissions == set()


def test_verification_names_every_chart_that_cannot_show_its_mart(installation: Installation) -> None:
    result = installation.run("verify.py", "--json")
    answers = json.loads(result.stdout.strip().splitlines()[-1])
    assert result.returncode == 1
    assert len({one["title"] for one in answers if one["kind"] == "chart"}) > 30
    assert len({one["title"] for one in answers if one["kind"] == "filter"}) > 20
    assert all(one["error"] for one in answers), "no mart exists, so nothing can have an answer"


@pytest.mark.parametrize(
    "name", ["OMNI_SUPERSET_SECRET_KEY", "OMNI_SUPERSET_GUEST_TOKEN_SECRET", "OMNI_SUPERSET_ADMIN_PASSWORD"]
)
def test_without_a_secret_nothing_starts_and_the_message_names_it(installation: Installation, name: str) -> None:
    result = installation.run("provision.py", **{name: ""})
    assert result.returncode != 0
    assert f"{name} is not set" in result.stderr
    assert "Traceback" not in result.stderr.rpartition(name)[2]


def test_the_folder_of_the_files_does_not_hide_the_installed_superset(installation: Installation) -> None:
    code = "import superset, sys; print(superset.__file__)"
    command = [str(superset_python()), "-c", code]
    result = subprocess.run(
        command, env=installation.environment, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert "site-packages" in Path(result.stdout.strip()).parts
