"""An orderly end, however often it is asked for."""

from __future__ import annotations

import os
import signal

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
