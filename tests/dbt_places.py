"""Which project dbt runs in tests, and where what it writes goes: never into the project."""

from __future__ import annotations

from pathlib import Path

from connectors.settings import PROJECT_ROOT

PROJECT = PROJECT_ROOT / "dbt_project"


def dbt_places(artefacts: Path) -> list[str]:
    """Options of any dbt command: the project and its profile, a folder for target and logs, a quiet console."""
    outputs = ["--target-path", str(artefacts), "--log-path", str(artefacts), "--quiet"]
    return ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), *outputs]
