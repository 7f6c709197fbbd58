"""What a receiver of events asks for, and what shall go wrong on the way to it.

Belongs here: one subscription and the check of its words. Does not belong here: delivering (see `postman`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.sandbox.push.sealing import FORMS


class BadSubscriptionError(ValueError):
    """A subscription that cannot be served; the message says what was expected."""


@dataclass(frozen=True)
class Subscription:
    """Where events go, and the troubles on the way. `duplicates`, `drop` and `forge` are shares of all events."""

    url: str
    forms: tuple[str, ...] = ("with_ext", "without_ext")
    duplicates: float = 0.0
    drop: float = 0.0
    forge: float = 0.0
    reorder_seconds: float = 0.0
    retry_scale: float = 1.0
    answer_seconds: float = 0.5
    poll_seconds: float = 2.0

    @classmethod
    def of(cls, wanted: dict[str, Any]) -> Subscription:
        """From a command. Raises BadSubscriptionError."""
        known = {name: wanted[name] for name in cls.__dataclass_fields__ if name in wanted}
        if unknown := sorted(wanted.keys() - known.keys()):
            raise BadSubscriptionError(f"unknown: {', '.join(unknown)}; known: {', '.join(cls.__dataclass_fields__)}")
        if not isinstance(known.get("url"), str) or urlsplit(known["url"]).scheme not in ("http", "https"):
            raise BadSubscriptionError("url must be the http(s) address of the webhook door")
        known["forms"] = tuple(known.get("forms", cls.forms))
        if not known["forms"] or not set(known["forms"]) <= set(FORMS):
            raise BadSubscriptionError(f"forms must be some of {', '.join(FORMS)}")
        for name, value in known.items():
            if name not in ("url", "forms") and not (isinstance(value, int | float) and 0 <= value < 1e6):
                raise BadSubscriptionError(f"{name} must be a number from 0 on, got {value!r}")
        return cls(**known)
