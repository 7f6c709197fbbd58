"""The parsed dbt project: there whole for whoever reads it, or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from connectors.errors import ConfigurationError
from orchestration.cli import manifest
from orchestration.cli.manifest import MANIFEST, PARSE, prepare_manifest

DATABASE = "postgresql://nobody@localhost/parsed"  # parsing only wants its name


def environment(database_url: str) -> dict[str, str]:
    return {**os.environ, "OMNI_DATABASE_URL": database_url}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of its own, where the project has been parsed once."""
    place = tmp_path_factory.mktemp("dbt") / "target"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "TARGET", place)
        prepare_manifest(environment(DATABASE))
        yield place


def test_whoever_reads_the_manifest_while_it_is_made_anew_reads_a_whole_one(target: Path) -> None:
    is_over = Event()

    def models_until_it_is_over() -> set[int]:
        read = set()
        while not is_over.is_set():
            read.add(len(json.loads((target / MANIFEST).read_text())["nodes"]))
        return read

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(models_until_it_is_over)
        try:
            prepare_manifest(environment(DATABASE))
        finally:
            is_over.set()
    assert len(reading.result()) == 1
    assert {path.name for path in target.iterdir()} == {MANIFEST, PARSE}


def test_a_project_that_does_not_parse_leaves_the_last_parse_in_place(target: Path) -> None:
    before = (target / MANIFEST).read_bytes()
    with pytest.raises(ConfigurationError, match="dbt cannot parse the project"):
        prepare_manifest(environment("nonsense"))
    assert (target / MANIFEST).read_bytes() == before
