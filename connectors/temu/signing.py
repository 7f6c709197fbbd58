"""The request signatures of the open platform and of its simplified REST face.

Belongs here: `sign` and `sign_rest`, pure functions without HTTP. Rules and vectors: API reference §6, §17.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

import msgspec


def sign(params: Mapping[str, object], app_secret: str) -> str:
    """Signature of a request body: upper-case MD5 over secret + sorted `key value` pairs + secret (§6.1).

    `params` are the top-level parameters; an entry `sign` is left out. Only the outermost level is sorted.
    """
    pairs = "".join(f"{key}{_text(params[key])}" for key in sorted(params) if key != "sign")
    signed = f"{app_secret}{pairs}{app_secret}"
    return hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest().upper()


def sign_rest(params: Mapping[str, object], app_secret: str) -> str:
    """Signature of the simplified REST interface: upper-case HMAC-SHA256 over the same kind of string (§17).

    Lists and objects read as Python's own JSON dump, everything else as `str()`; `sign` is added afterwards.
    """
    pairs = "".join(f"{key}{_plain_text(params[key])}" for key in sorted(params))
    message = f"{app_secret}{pairs}{app_secret}"
    return hmac.new(app_secret.encode(), message.encode(), hashlib.sha256).hexdigest().upper()


def _plain_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _text(value: object) -> str:
    """A value as the gateway re-serialises it: raw strings, `true`, digits, compact JSON inside (§6.2)."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
