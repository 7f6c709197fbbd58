"""From an error of `connectors` to what Dagster should do: try the step again in minutes, or stop and say what to fix.

Belongs here: retry policies and the translation. Seconds-scale retries live in the client that makes the call;
a vanished process is the run monitor's matter (`dagster.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dagster import Backoff, Failure, Jitter, RetryPolicy

from connectors.errors import OmniError, TransientError

TRANSIENT_RETRIES = RetryPolicy(max_retries=2, delay=60, backoff=Backoff.EXPONENTIAL, jitter=Jitter.PLUS_MINUS)
"""After about one and two minutes; only failures that `may_pass` make use of it."""


def may_pass(error: BaseException) -> bool:
    """Whether the same step may succeed in a few minutes without anybody's help."""
    return isinstance(error, TransientError)


def failure_from(error: BaseException) -> Failure:
    """One Dagster failure for one error; permanent errors and bugs are not repeated."""
    text = str(error) if isinstance(error, OmniError) else f"{type(error).__name__}: {error}"
    return Failure(text, metadata={"error_class": type(error).__name__}, allow_retries=may_pass(error))


def failure_from_many(headline: str, texts: Mapping[str, str], *, repeat: bool) -> Failure:
    """One failure that names everything that went wrong; repeated only if some of it may pass."""
    lines = [f"{name}: {text}" for name, text in texts.items()]
    return Failure("\n".join([headline, *lines]), metadata=dict(texts), allow_retries=repeat)


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors that omni explains into Dagster failures; anything else is a bug and fails at once."""
    try:
        yield
    except Failure:
        raise
    except Exception as error:
        raise failure_from(error) from error
