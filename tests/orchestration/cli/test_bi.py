"""Superset's scripts from the outside: their answer is the last line they print; who is mailed is written down."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from connectors.errors import ConfigurationError
from connectors.notices.recipients import add_recipient, list_recipients
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.cli import bi
from orchestration.cli.bi import provision_bi, run_bi_script, verify_bi

CHARTS = (
    'print("[{\\"kind\\": \\"chart\\", \\"title\\": \\"GMV\\", \\"rows\\": 0, \\"error\\": \\"nothing to show\\"}]")'
)


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
    assert (chart.kind, chart.title, chart.rows, chart.error) == ("chart", "GMV", 0, "nothing to show")


def test_a_verification_that_broke_says_why(scripts: Path) -> None:
    (scripts / "verify.py").write_text("print('starting')\nraise ValueError('no such column')")
    with pytest.raises(ConfigurationError, match=r"verify.py failed: ValueError: no such column"):
        verify_bi({})


@pytest.mark.parametrize(("broker", "known"), [("redis://localhost:6379/0", {"a@example.com"}), ("", set())])
def test_provisioning_gives_superset_the_mailboxes_where_a_broker_is(
    settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch, broker: str, known: set[str]
) -> None:
    monkeypatch.setenv("OMNI_SUPERSET_BROKER_URL", broker)
    given: list[Mapping[str, str]] = []
    monkeypatch.setattr(bi, "_run_provision", lambda environment, _tell: given.append(environment))
    box = SecretBox.open(settings)
    with psycopg.connect(database_url) as connection:
        for channel, target in (("mail", "a@example.com"), ("webhook", "https://bot.example/")):
            add_recipient(connection, box, role="finance", channel=channel, target=target, secret="", subject="")
    provision_bi(settings, database_url)
    assert json.loads(given[0]["OMNI_BI_MAIL_RECIPIENTS"]) == ({"finance": ["a@example.com"]} if known else {})
    with psycopg.connect(database_url) as connection:
        found = list_recipients(connection, box)
    assert {one.shown for one in found if one.known_to_superset} == known
