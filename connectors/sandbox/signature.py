"""What the platform does with a request's `sign`: parse, serialise again, hash, compare (API section 6).

Belongs here: this one rule, in the server's words. The connector has its own signer; they must not share a line.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping


def expected_sign(parameters: Mapping[str, object], app_secret: str) -> str:
    """MD5 in upper case over secret + sorted key/value pairs + secret, `sign` itself left out."""
    pieces = [app_secret]
    for key in sorted(parameters):
        if key != "sign":
            value = parameters[key]
            pieces.append(key)
            pieces.append(value if type(value) is str else _text(value))
    pieces.append(app_secret)
    return hashlib.md5("".join(pieces).encode("utf-8", "surrogatepass")).hexdigest().upper()


def is_signed(parameters: Mapping[str, object], app_secret: str) -> bool:
    """Whether `sign` fits; digits in lower case are not accepted."""
    given = parameters.get("sign")
    return isinstance(given, str) and hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected_sign(parameters, app_secret).encode()
    )


def _text(value: object) -> str:
    """Booleans, numbers, null and nested values read as compact JSON with characters kept (section 6.2)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
