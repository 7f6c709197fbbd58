"""The dbt manifest: parsed once when omni starts, so that no Dagster process has to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from connectors.errors import ConfigurationError
from orchestration.dbt_builds import DBT_PROJECT_DIR


def prepare_manifest(environment: Mapping[str, str]) -> None:
    """Run `dbt parse` (seconds; faster when nothing changed).

    Raises:
        ConfigurationError: the project does not parse; the message carries dbt's own words.
    """
    dbt = str(Path(sys.executable).with_name("dbt"))
    project = str(DBT_PROJECT_DIR)
    command = [dbt, "--quiet", "parse", "--project-dir", project, "--profiles-dir", project]
    result = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ConfigurationError(
            f"dbt cannot parse the project:\n{result.stdout[-2000:]}{result.stderr[-2000:]}",
            remedy="mend the model that dbt names",
        )
