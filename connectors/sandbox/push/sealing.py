"""How the platform seals and signs an event (API sections 16.2, 16.3), in the sender's words.

Belongs here: one delivery's headers and body. Does not belong here: when it is sent, and how often.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

FORMS = ("with_ext", "without_ext", "ampersand")
_BLOCK = 16


def delivery(
    code: str, message: dict[str, Any], *, app_key: str, secret: str, sent_at_ms: int, form: str = "with_ext"
) -> tuple[dict[str, str], bytes]:
    """Headers and body. The two official examples differ in whether the ext-param header is signed."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    headers = {
        "x-tm-app-key": app_key,
        "x-tm-event-code": code,
        "x-tm-timestamp": str(sent_at_ms),
        "x-tm-ext-param": "{}",
    }
    parts = [("eventData", text), *headers.items()]
    if form == "without_ext":
        parts = [part for part in parts if part[0] != "x-tm-ext-param"]
    headers["x-tm-signature"] = _signature(sorted(parts), secret, form)
    headers["Content-Type"] = "application/json"
    return headers, json.dumps({"eventData": _sealed(text.encode(), secret)}).encode()


def _signature(parts: list[tuple[str, str]], secret: str, form: str) -> str:
    if form == "ampersand":
        whole = "&".join(f"{name}={value}" for name, value in parts)
        return hmac.new(secret.encode(), whole.encode(), hashlib.sha256).hexdigest().upper()
    whole = "".join(name + value for name, value in parts)
    return hmac.new(secret.encode(), whole.encode(), hashlib.sha256).hexdigest()


def _sealed(text: bytes, secret: str) -> str:
    key = secret.encode()[:_BLOCK]
    fill = _BLOCK - len(text) % _BLOCK
    sealer = Cipher(algorithms.AES(key), modes.CBC(key)).encryptor()
    return base64.b64encode(sealer.update(text + bytes([fill]) * fill) + sealer.finalize()).decode()
