"""An installation and its files: no drift after applying, browser edits come back as files, leftovers can be pruned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.superset.installation import Installation

pytestmark = pytest.mark.services
COPY = """
    insert into superset.slices (slice_name, viz_type, params, query_context, datasource_id, datasource_type, uuid)
    select %s, viz_type, params, query_context, datasource_id, datasource_type, %s
    from superset.slices where slice_name like '%%Lines left out%%'
"""
FROM_A_FILE, FROM_A_BROWSER = "27dbb5ba-68f8-5d0e-8441-8005ce280b99", "27dbb5ba-68f8-4d0e-8441-8005ce280b99"


def ask(installation: Installation, *arguments: str) -> Any:
    result = installation.run("manage.py", *arguments)
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(result.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def edited(installation: Installation) -> Iterator[Installation]:
    """Somebody renamed a chart and widened another in the browser, and two charts are in no file."""
    with psycopg.connect(installation.url, autocommit=True) as connection:
        connection.execute(
            "update superset.slices set slice_name = '换名 · Renamed' where slice_name like '%Lines left out%'"
        )
        connection.execute(
            "update superset.dashboards set position_json = replace(position_json, '\"width\": 7', '\"width\": 6') "
            "where slug = 'gmv'"
        )
        connection.execute(COPY.replace("Lines left out", "Renamed"), ["旧 · Old one", FROM_A_FILE])
        connection.execute(COPY.replace("Lines left out", "Renamed"), ["我的 · My own", FROM_A_BROWSER])
    yield installation
    with psycopg.connect(installation.url, autocommit=True) as connection:
        connection.execute("delete from superset.slices where uuid in (%s, %s)", [FROM_A_FILE, FROM_A_BROWSER])
    assert installation.run("provision.py").returncode == 0


def test_right_after_applying_there_is_no_drift_and_nothing_to_export(
    installation: Installation, tmp_path: Path
) -> None:
    assert ask(installation, "drift") == []
    assert ask(installation, "export", str(tmp_path)) == []


def test_edits_in_the_browser_are_drift_and_come_back_as_short_files(edited: Installation, tmp_path: Path) -> None:
    told = ask(edited, "drift")
    assert any(one.startswith("charts/gmv-lines-left-out: slice_name") for one in told)
    assert any(one.startswith("dashboards/gmv: layout") for one in told)
    assert {"charts/old-one: not in the files", "charts/my-own: not in the files"} <= set(told)
    written = ask(edited, "export", str(tmp_path))
    assert set(written) == {
        "charts/gmv/gmv-lines-left-out.yaml",
        "charts/old-one.yaml",
        "charts/my-own.yaml",
        "dashboards/gmv.yaml",
    }
    chart = yaml.safe_load((tmp_path / "charts/gmv/gmv-lines-left-out.yaml").read_text(encoding="utf-8"))
    assert chart["slice_name"] == "换名 · Renamed"
    assert not {"id", "version", "query_context", "changed_on", "dataset_uuid"} & set(chart)
    assert "datasource" not in chart["params"]


def test_pruning_shows_first_and_leaves_what_was_made_in_the_browser(edited: Installation) -> None:
    assert ask(edited, "leftovers") == ["charts: 旧 · Old one"]
    assert ask(edited, "prune") == ["charts: 旧 · Old one"]
    with psycopg.connect(edited.url) as connection:
        left = connection.execute(
            "select slice_name from superset.slices where uuid in (%s, %s)", [FROM_A_FILE, FROM_A_BROWSER]
        ).fetchall()
    assert left == [("我的 · My own",)]
