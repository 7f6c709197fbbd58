"""The shape of the house: who may know whom, what every file must have, what no file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FIXED_TOP_LEVEL = {"orchestration", "dbt_project", "connectors", "superset", "tests", "benchmarks", "docs"}
BANNED_IN_CONNECTORS = {
    "dagster",
    "dagster_dbt",
    "dagster_postgres",
    "dbt",
    "great_expectations",
    "orchestration",
    "requests",
}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "v2", "new"}
# Written in pieces so that this file does not find itself.
MACHINE_PATHS = re.compile(
    "|".join(
        ["/" + "work/(?:main|shared)", "/tmp" + "/omni", "/" + "root/", "/" + r"home/(?!omni\b)\w", "/" + "Users/"]
    )
)


def git(*arguments: str) -> list[str]:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return [line for line in result.stdout.split("\0") if line] if result.returncode == 0 else []


def project_files() -> list[Path]:
    """What git tracks; outside a repository, everything that is not hidden or generated."""
    tracked = [ROOT / name for name in git("ls-files", "-z")]
    walked = (p for p in ROOT.rglob("*") if not {".venv", ".omni", "target", "__pycache__"} & set(p.parts))
    return [path for path in tracked or walked if path.is_file()]


FILES = project_files()
MODULES = [path for path in FILES if path.suffix == ".py"]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports anywhere, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_the_import_rules_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert " 0 broken" in result.stdout


def test_connectors_import_no_orchestrator_even_inside_functions():
    guilty = {shown(p): imported(p) & BANNED_IN_CONNECTORS for p in MODULES if shown(p).startswith("connectors/")}
    assert guilty
    assert {path: names for path, names in guilty.items() if names} == {}


def test_nobody_reaches_into_private_parts_of_dagster():
    private = re.compile(r"^\s*(?:from|import) dagster\._", re.MULTILINE)
    assert [shown(p) for p in MODULES if private.search(p.read_text(encoding="utf-8"))] == []


def test_every_module_says_what_belongs_in_it():
    silent = [shown(p) for p in MODULES if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert silent == []


def test_no_file_holds_a_path_of_somebodys_machine():
    guilty = {}
    for path in FILES:
        try:
            found = MACHINE_PATHS.search(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue  # a picture
        if found:
            guilty[shown(path)] = found[0]
    assert guilty == {}


@pytest.mark.parametrize("lock", ["uv.lock", "superset/uv.lock"])
def test_locks_name_the_public_index_and_no_mirror(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert set(re.findall(r'registry = "([^"]+)"', text)) == {"https://pypi.org/simple"}
    assert set(re.findall(r'url = "https?://([^/"]+)', text)) <= {"files.pythonhosted.org"}


def test_the_top_level_stays_as_it_is():
    folders = {shown(path).split("/")[0] for path in FILES if "/" in shown(path)}
    assert {name for name in folders if not name.startswith(".")} <= FIXED_TOP_LEVEL


def test_no_module_has_a_name_that_says_nothing():
    assert [shown(p) for p in MODULES if NAMES_THAT_SAY_NOTHING & {*p.relative_to(ROOT).parts, p.stem}] == []


def test_neither_tests_nor_superset_are_packages():
    # One below tests would shadow the package it mirrors, one in superset/ would hide the installed Superset.
    marked = [shown(p) for p in FILES if p.name == "__init__.py" and shown(p).startswith(("tests/", "superset/"))]
    assert marked == []


def test_files_that_the_readme_names_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[`(]((?:\.?[\w-]+/)+[\w.-]*|[\w-]+\.(?:md|toml|yml|yaml))[`)]", text))
    ours = {name for name in named if name.split("/")[0] in FIXED_TOP_LEVEL or "/" not in name}
    assert ours
    assert [name for name in sorted(ours) if not (ROOT / name).exists()] == []


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
