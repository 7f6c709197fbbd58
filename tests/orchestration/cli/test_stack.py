"""An orderly end, however often it is asked for."""

from __future__ import annotations

import os
import signal

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
