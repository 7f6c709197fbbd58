"""Superset's scripts from the outside: their answer is the last line they print."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from connectors.errors import ConfigurationError
from orchestration.cli.bi import run_bi_script, verify_bi

CHARTS = 'print("[{\\"chart\\": \\"GMV\\", \\"rows\\": 0, \\"error\\": \\"nothing to show\\"}]")'


@pytest.fixture(autouse=True)
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of scripts in place of Superset's, run by this interpreter."""
    monkeypatch.setattr("orchestration.cli.bi.superset_python", lambda: Path(sys.executable))
    monkeypatch.setattr("orchestration.cli.bi.SUPERSET_DIR", tmp_path)
    return tmp_path


def test_the_answer_is_the_last_line_whatever_was_printed_before(scripts: Path) -> None:
    (scripts / "one.py").write_text("print('a warning of a library')\nprint(input())")
    assert run_bi_script({}, "one.py", question={"a": [1]}) == {"a": [1]}


@pytest.mark.parametrize("code", ["raise SystemExit('no such table')", "", "print('no json')"])
def test_a_script_without_an_answer_is_an_error_that_names_it(scripts: Path, code: str) -> None:
    (scripts / "one.py").write_text(code)
    with pytest.raises(ConfigurationError, match=r"superset/one.py failed: (no such table|no word|no json)"):
        run_bi_script({}, "one.py")


@pytest.mark.parametrize("code", [0, 1, 2])
def test_charts_that_cannot_be_shown_are_an_answer_and_not_a_failure(scripts: Path, code: int) -> None:
    (scripts / "verify.py").write_text(f"{CHARTS}\nraise SystemExit({code})")
    [chart] = verify_bi({})
    assert (chart.chart, chart.rows, chart.error) == ("GMV", 0, "nothing to show")


def test_a_verification_that_broke_says_why(scripts: Path) -> None:
    (scripts / "verify.py").write_text("print('starting')\nraise ValueError('no such column')")
    with pytest.raises(ConfigurationError, match=r"verify.py failed: ValueError: no such column"):
        verify_bi({})
