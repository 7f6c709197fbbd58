"""Superset from the outside: install its environment, provision it, verify its charts, all by its own scripts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg

from connectors.errors import ConfigurationError
from connectors.notices.recipients import MAIL, Recipient, list_recipients, note_known_to_superset
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.cli.environment import SUPERSET_DIR, superset_environment
from orchestration.cli.services import superset_python

ADMIN = "admin"


@dataclass(frozen=True)
class ScreenCheck:
    """What one chart, or the list of one filter, answered: `rows` that it returned, or `error`."""

    kind: Literal["chart", "filter"]
    title: str
    rows: int
    error: str = ""


def install_bi() -> None:
    """Install the BI environment from its own lock (about 650 MB the first time, nothing afterwards).

    Raises:
        ConfigurationError: the installer failed; the message carries its last words.
    """
    uv = _uv()
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")}
    command = [uv, "sync", "--frozen", "--compile-bytecode", "--project", str(SUPERSET_DIR)]
    command += [] if superset_python().exists() else ["--python", sys.executable]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ConfigurationError(
            f"the BI environment could not be installed:\n{result.stderr[-2000:]}",
            remedy="check the network and the free disk space, then start again",
        )


def provision_bi(settings: Settings, url: str, tell: Callable[[str], None] = print) -> None:
    """Bring Superset's metadata, users, roles and dashboards to the state of the files. Idempotent.

    Where a broker is configured Superset gets the mailboxes of the alerts, too, and it is written down which.

    Raises:
        ConfigurationError: a step failed; the message carries the end of the script's output.
    """
    environment = superset_environment(settings, url)
    mailboxes = _mailboxes(settings, url) if environment.get("OMNI_SUPERSET_BROKER_URL") else []
    _run_provision(environment | {"OMNI_BI_MAIL_RECIPIENTS": json.dumps(_by_role(mailboxes))}, tell)
    with psycopg.connect(url) as connection:
        note_known_to_superset(connection, [one.id for one in mailboxes])


def _mailboxes(settings: Settings, url: str) -> list[Recipient]:
    with psycopg.connect(url) as connection:
        return [one for one in list_recipients(connection, SecretBox.open(settings)) if one.channel == MAIL]


def _by_role(mailboxes: list[Recipient]) -> dict[str, list[str]]:
    addresses: dict[str, list[str]] = {}
    for one in mailboxes:
        addresses.setdefault(one.role, []).append(one.target.get_secret_value())
    return addresses


def _run_provision(environment: Mapping[str, str], tell: Callable[[str], None]) -> None:
    command = [str(superset_python()), str(SUPERSET_DIR / "provision.py")]
    lines: list[str] = []
    with subprocess.Popen(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=SUPERSET_DIR
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if line.startswith("provision:"):
                tell(line.removeprefix("provision:").strip())
    if process.returncode != 0:
        raise ConfigurationError(
            f"Superset could not be provisioned:\n{''.join(lines[-20:])}", remedy="mend the cause and start again"
        )


def run_bi_script(
    environment: Mapping[str, str],
    script: str,
    *arguments: str,
    question: object = None,
    answers_with: Sequence[int] = (0,),
) -> object:
    """What a script of the BI environment answers: JSON on the last line of its output; `question` is its JSON input.

    `answers_with` are the exit codes of a script that has an answer.

    Raises:
        ConfigurationError: the script failed; the message carries its last words.
    """
    command = [str(superset_python()), str(SUPERSET_DIR / script), *arguments]
    result = subprocess.run(
        command,
        env=dict(environment),
        input=None if question is None else json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
        cwd=SUPERSET_DIR,
    )
    lines = result.stdout.strip().splitlines()
    try:
        if result.returncode not in answers_with:
            raise ValueError(f"exit code {result.returncode}")
        answer: object = json.loads(lines[-1])
    except (ValueError, IndexError) as error:
        words = (result.stderr.strip().splitlines() or lines or ["no word"])[-1]
        raise ConfigurationError(f"superset/{script} failed: {words}", remedy="mend the cause and try again") from error
    return answer


def verify_bi(environment: Mapping[str, str]) -> list[ScreenCheck]:
    """Ask every page for its data, as it does when it opens; one result per chart and per filter with a list.

    Raises:
        ConfigurationError: the charts could not be asked.
    """
    answers: Any = run_bi_script(
        environment, "verify.py", "--json", answers_with=(0, 1, 2)
    )  # 1: charts failed, 2: none
    return [ScreenCheck(one["kind"], one["title"], int(one["rows"]), one["error"]) for one in answers]


def _uv() -> str:
    """The installer that came with this environment, else the one on the PATH."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise ConfigurationError("uv was not found", remedy="pip install uv")
    return found
