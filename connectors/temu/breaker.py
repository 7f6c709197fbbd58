"""A circuit breaker per shop: where call after call fails, the next ones fail at once and the other shops go on.

Belongs here: when calls stop, when one may try again, and which errors count. Each call has been patient for itself
before it counts (`client`). Small and our own: the libraries count exceptions of any kind and let all waiting calls
through when they half open, where one is enough to learn whether the shop answers again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.errors import OmniError, ShopSuspendedError, ThrottledError, TransientError
from connectors.temu.errors import ClockSkewError, NotReadyError


class CircuitBreaker:
    """Closed: calls go through. Open: they are refused. Half open, after a rest: one goes through and decides."""

    def __init__(
        self, shop: str, *, failures: int, rest_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shop = shop
        self._most = failures
        self._rest = rest_seconds
        self._clock = clock
        self._failed_in_a_row = 0
        self._last_error = ""
        self._opened_at: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether a call would be refused now."""
        return self._opened_at is not None and (self._is_probing or self._clock() - self._opened_at < self._rest)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call with all its repetitions. Raises ShopSuspendedError instead of calling while open."""
        if self.is_open:
            raise ShopSuspendedError(
                f"shop {self._shop} waits: {self._failed_in_a_row} calls in a row failed, the last with: "
                f"{self._last_error}"
            )
        probes = self._is_probing = self._opened_at is not None
        try:
            yield
        except BaseException as error:
            self._judge(error)
            raise
        else:
            self._close()
        finally:
            self._is_probing = self._is_probing and not probes

    def _judge(self, error: BaseException) -> None:
        if _speaks_against_the_shop(error):
            self._failed_in_a_row += 1
            self._last_error = str(error.args[0])
            if self._failed_in_a_row >= self._most:
                self._opened_at = self._clock()
        elif isinstance(error, OmniError) and not isinstance(error, (ThrottledError, ClockSkewError)):
            self._close()  # it was refused, but somebody answered

    def _close(self) -> None:
        self._failed_in_a_row = 0
        self._opened_at = None


@dataclass
class Breakers:
    """The breakers of a run, one per shop and gateway, kept from one reading to the next."""

    failures: int
    rest_seconds: float
    _of: dict[tuple[int, str], CircuitBreaker] = field(default_factory=dict)

    def of(self, door: tuple[int, str], name: str) -> CircuitBreaker:
        """The breaker of a shop (by id) on a gateway."""
        fresh = CircuitBreaker(name, failures=self.failures, rest_seconds=self.rest_seconds)
        return self._of.setdefault(door, fresh)


def _speaks_against_the_shop(error: BaseException) -> bool:
    """Trouble that outlasted a call's patience; a used-up quota is the app key's, an unfinished record its own."""
    harmless = (ThrottledError, ClockSkewError, NotReadyError, ShopSuspendedError)
    return isinstance(error, TransientError) and not isinstance(error, harmless)
