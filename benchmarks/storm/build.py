"""What landed in the storm, built as the project builds it: staging, intermediate, marts, with every test of dbt.

Belongs here: one run of dbt. What its rows are compared with: `benchmarks.storm.proof`.
"""

from __future__ import annotations

import os
import subprocess
from datetime import date
from pathlib import Path

from orchestration.dbt_builds import DBT_COMMAND, DBT_PROJECT_DIR


def build(url: str, folder: Path, last_day: date) -> list[str]:
    """Build everything up to `last_day`; what dbt said if a model or an E rule failed, else nothing."""
    places = ["--project-dir", DBT_PROJECT_DIR, "--profiles-dir", DBT_PROJECT_DIR]
    written = ["--target-path", folder, "--log-path", folder]
    command = [DBT_COMMAND, "--quiet", "build", "--exclude-resource-type", "unit_test", *places, *written]
    done = subprocess.run(
        [*map(os.fspath, command), "--vars", f"{{as_of_date: '{last_day}'}}"],
        env=os.environ | {"OMNI_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    return [f"the build failed: {(done.stdout + done.stderr)[-3000:]}"] if done.returncode else []
