"""How long a call is patient with its gateway: seconds; minutes are the orchestrator's.

Belongs here: the figures. Which answers are worth patience at all is said by the classes of `errors`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Seconds-scale patience: attempts per call, waits between them and the rest when throttled, in seconds."""

    attempts: int = 6
    doubtful_attempts: int = 3
    wait_initial: float = 0.5
    wait_max: float = 20.0
    jitter: float = 1.0
    throttle_rest: float = 1.0

    @classmethod
    def starting_with(cls, seconds: float) -> RetryPolicy:
        """The usual patience, with another first wait; all others keep their proportion to it."""
        usual = cls()
        scale = seconds / usual.wait_initial
        waits = {name: getattr(usual, name) * scale for name in ("wait_max", "jitter", "throttle_rest")}
        return cls(wait_initial=seconds, **waits)
