"""An orderly end, however often it is asked for."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from connectors.secrets import local_secret
from connectors.settings import Settings
from orchestration.cli.environment import ready_path
from orchestration.cli.services import Supervisor
from orchestration.cli.stack import INTERRUPTED, Stack, run_until_interrupted


class QuietSupervisor(Supervisor):
    """Nothing ends while it watches, but somebody presses Ctrl-C."""

    def __init__(self) -> None:
        pass

    def ended(self) -> list[str]:
        os.kill(os.getpid(), signal.SIGINT)
        return []


class ImpatientStack(Stack):
    """Stopping it takes so long that somebody sends the signals again."""

    def __init__(self) -> None:
        self.stopped = False
        self.supervisor = QuietSupervisor()

    def stop(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        self.stopped = True


def wait_for_the_signal() -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
    return 1


def test_a_second_signal_does_not_cut_the_stop_short() -> None:
    stack = ImpatientStack()
    before = signal.getsignal(signal.SIGTERM)
    run_until_interrupted(stack, wait_for_the_signal)
    assert stack.stopped
    assert signal.getsignal(signal.SIGTERM) is before


def test_work_that_was_interrupted_is_no_success() -> None:
    assert run_until_interrupted(ImpatientStack(), wait_for_the_signal) == INTERRUPTED


def test_services_that_were_looked_after_until_somebody_ended_it_are_a_success() -> None:
    stack = ImpatientStack()

    def watch() -> int:
        stack.watch()
        return 0

    assert run_until_interrupted(stack, watch) == 0
    assert stack.stopped


@pytest.mark.parametrize(
    ("is_terminal", "is_invented", "is_shown"),
    [(True, False, True), (False, False, False), (False, True, True)],
    ids=["terminal", "log of a real company", "log of the demo"],
)
def test_the_password_of_a_real_company_is_shown_on_a_terminal_only(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_terminal: bool,
    is_invented: bool,
    is_shown: bool,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    ready_path(settings).parent.mkdir(parents=True)
    Stack(settings).announce("http://dagster", "http://superset", "http://door", is_invented=is_invented)
    shown = "".join(capsys.readouterr().out.replace("│", "").split())
    password = local_secret(settings, "superset_admin_password").get_secret_value()
    assert (password in shown) is is_shown
    assert ("secrets/superset_admin_password" in shown) is not is_shown
