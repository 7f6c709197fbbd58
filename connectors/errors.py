"""Errors, named by what the caller should do next.

Belongs here: the classes. The table that maps a platform code to a class is `connectors.temu.errors`.
Every message names the shop, the stream and the remedy; none carries a secret.
"""

from __future__ import annotations


class OmniError(Exception):
    """Base of every error that omni explains to people. `remedy` says what to do next."""

    remedy: str = ""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy or self.remedy

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} → {self.remedy}" if self.remedy else message


class ConfigurationError(OmniError):
    """The settings, a shop's row or the environment are wrong. Nothing was changed."""


class TransientError(OmniError):
    """The same call may succeed later: network trouble, a busy platform, an answer not ready yet."""

    remedy = "try again in a few minutes; nothing was lost"


class ThrottledError(TransientError):
    """The app key's quota is used up: slow every shop of this key."""

    remedy = "wait, or ask the platform for a higher quota and store it: `omni shops quota SHOP --calls-per-second …`"


class ShopSuspendedError(TransientError):
    """Several calls of this shop failed in a row: for a while it is not asked at all, the other shops are."""

    remedy = "check network and gateway address of this shop; it is tried again after a rest"


class PermanentError(OmniError):
    """The same call will never succeed: fix the request before repeating it."""


class StreamForbiddenError(PermanentError):
    """This shop's token lacks this operation: skip the stream, tell the seller."""


class ShopAuthError(PermanentError):
    """This shop's token is unknown, expired or replaced: stop the shop until it is authorised again."""


class AppError(PermanentError):
    """The app key or its secret is refused: stop every shop of this app key."""


class UnstableWindowError(TransientError):
    """A window kept changing while it was read; the watermark stays where it was."""


def first_line(error: Exception) -> str:
    """The first line of what another library says, for a message of ours."""
    return (str(error).strip().splitlines() or ["no reason given"])[0]
