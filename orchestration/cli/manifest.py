"""The dbt manifest: parsed once when omni starts, so that no Dagster process has to."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from connectors.errors import ConfigurationError
from orchestration.dbt_builds import DBT_PROJECT_DIR

TARGET = DBT_PROJECT_DIR / "target"
MANIFEST, PARSE = "manifest.json", "partial_parse.msgpack"


def prepare_manifest(environment: Mapping[str, str]) -> None:
    """Run `dbt parse` (seconds; faster when nothing changed).

    dbt writes the manifest piece by piece, and others may read it meanwhile: it parses beside, the result is put in
    place whole.

    Raises:
        ConfigurationError: the project does not parse; the message carries dbt's own words.
    """
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TARGET, prefix=".parse-") as beside:
        if (TARGET / PARSE).is_file():
            shutil.copy(TARGET / PARSE, beside)
        _parse(beside, environment)
        for name in (PARSE, MANIFEST):
            Path(beside, name).replace(TARGET / name)


def _parse(target: str, environment: Mapping[str, str]) -> None:
    dbt, project = str(Path(sys.executable).with_name("dbt")), str(DBT_PROJECT_DIR)
    command = [dbt, "--quiet", "parse", "--project-dir", project, "--profiles-dir", project, "--target-path", target]
    result = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ConfigurationError(
            f"dbt cannot parse the project:\n{result.stdout[-2000:]}{result.stderr[-2000:]}",
            remedy="mend the model that dbt names",
        )
