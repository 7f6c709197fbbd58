"""After a build nobody is given the numbers of before."""

from __future__ import annotations

from pathlib import Path

from orchestration.cached_answers import forget_cached_answers


def test_kept_answers_go_and_everything_else_stays(tmp_path: Path) -> None:
    data, states = tmp_path / "superset" / "cache" / "data", tmp_path / "superset" / "cache" / "filter_state"
    for folder in (data, states):
        folder.mkdir(parents=True)
        (folder / "0a1b").write_bytes(b"kept")
    assert forget_cached_answers(tmp_path) == 1
    assert list(data.iterdir()) == []
    assert (states / "0a1b").exists()


def test_without_a_superset_there_is_nothing_to_forget(tmp_path: Path) -> None:
    assert forget_cached_answers(tmp_path) == 0
