"""Questions are kept by many threads at once: the newest, whole, and without disturbing the answers."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def asked(superset_modules: None) -> Any:
    """The module, as Superset's processes import it."""
    import asked

    return asked


def question(number: int) -> bytes:
    return json.dumps({"number": number, "padding": "x" * 20_000}).encode()


def test_many_threads_keep_as_many_as_allowed_and_each_one_whole(asked: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(asked, "KEPT", 20)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: asked.keep(tmp_path, question(number)), range(600)))
    kept = [json.loads(path.read_bytes())["number"] for path in tmp_path.iterdir()]
    assert len(kept) == len(set(kept)) == 20


def test_a_question_that_is_asked_again_is_the_newest(asked: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(asked, "KEPT", 2)
    for number in (1, 2):
        asked.keep(tmp_path, question(number))
    for age, path in enumerate(sorted(tmp_path.iterdir(), key=lambda one: one.read_bytes())):
        os.utime(path, (age, age))
    asked.keep(tmp_path, question(1))
    asked.keep(tmp_path, question(3))
    assert {json.loads(path.read_bytes())["number"] for path in tmp_path.iterdir()} == {1, 3}
