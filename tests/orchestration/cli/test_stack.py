"""An orderly end, however often it is asked for."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from connectors.secrets import local_secret
from connectors.settings import Settings
from orchestration.cli.environment import ready_path
from orchestration.cli.stack import Stack, run_until_interrupted


class ImpatientStack(Stack):
    """Stopping it takes so long that somebody sends the signals again."""

    def __init__(self) -> None:
        self.stopped = False

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
    assert run_until_interrupted(stack, wait_for_the_signal) == 0
    assert stack.stopped
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_password_is_shown_on_a_terminal_only(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_terminal: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    ready_path(settings).parent.mkdir(parents=True)
    Stack(settings).announce("http://dagster", "http://superset", "http://door")
    shown = "".join(capsys.readouterr().out.split())
    password = local_secret(settings, "superset_admin_password").get_secret_value()
    assert (password in shown) is is_terminal
    assert ("secrets/superset_admin_password" in shown) is not is_terminal
