"""The request signature of the open platform.

Belongs here: `sign`, a pure function. It knows nothing of HTTP. Rule and vectors: API reference §6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec


def sign(params: Mapping[str, object], app_secret: str) -> str:
    """Signature of a request body: upper-case MD5 over secret + sorted `key value` pairs + secret (§6.1).

    `params` are the top-level parameters; an entry `sign` is left out. Only the outermost level is sorted.
    """
    pairs = "".join(f"{key}{_text(params[key])}" for key in sorted(params) if key != "sign")
    signed = f"{app_secret}{pairs}{app_secret}"
    return hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest().upper()


def _text(value: object) -> str:
    """A value as the gateway re-serialises it: raw strings, `true`, digits, compact JSON inside (§6.2)."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
