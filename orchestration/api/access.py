"""Who is calling, may they, and do they call too often; every change leaves a line that says who made it.

Belongs here: keys in requests, roles, rates, the audit line. How keys are kept: `connectors.api_keys`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

import psycopg
import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from connectors.api_keys import ROLES, ApiKey, find_key, hash_of, is_shaped_as_key
from connectors.errors import TransientError
from orchestration.api.limits import RateLimit
from orchestration.api.problems import ProblemError

SCHEME = HTTPBearer(auto_error=False, description="A key of `omni api-keys create`: `Authorization: Bearer omni_…`")
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
log = structlog.get_logger(__name__)


class Gatekeeper:
    """Checks callers of one application; the database is asked each time, so that a revoked key ends at once."""

    def __init__(self, database_url: str, *, calls_per_minute: int) -> None:
        self._url = database_url
        self.rate = RateLimit(calls_per_minute)
        self._seen: set[bytes] = set()  # hashes of keys that were right the last time

    def admit(self, text: str | None, role: str, client: str) -> ApiKey:
        """The caller's key. Raises ProblemError 401, 403 or 429; whoever did not show a right key yet is limited by
        address, before the database is asked: guessing must not cost connections.
        """
        shown = text if text and is_shaped_as_key(text) else ""
        hashed = hash_of(shown)
        if hashed not in self._seen:
            self._count(f"address {client}")
        key = self._find(shown) if shown else None
        if key is None:
            self._seen.discard(hashed)
            raise ProblemError(401, "send a valid key: Authorization: Bearer omni_…", headers=_CHALLENGE)
        self._seen.add(hashed)
        self._count(f"key {key.id}")
        if ROLES.index(key.role) < ROLES.index(role):
            raise ProblemError(403, f"this needs the role {role}; the key {key.name} is a {key.role}'s")
        return key

    def _find(self, text: str) -> ApiKey | None:
        try:
            with psycopg.connect(self._url, connect_timeout=10) as connection:
                return find_key(connection, text)
        except psycopg.OperationalError as error:
            raise TransientError("the database does not answer") from error

    def _count(self, name: str) -> None:
        if wait := self.rate.take(name):
            seconds = str(math.ceil(wait))
            raise ProblemError(429, f"too many calls; try again in {seconds} s", headers={"Retry-After": seconds})


def needs(role: str) -> Callable[..., ApiKey]:
    """A dependency: the caller's key, which must have at least this role."""

    def caller(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(SCHEME)]) -> ApiKey:
        gatekeeper: Gatekeeper = request.app.state.gatekeeper
        client = request.client.host if request.client else "unknown"
        return gatekeeper.admit(sent.credentials if sent else None, role, client)

    return caller


Viewer = Annotated[ApiKey, Depends(needs("viewer"))]
Operator = Annotated[ApiKey, Depends(needs("operator"))]
Admin = Annotated[ApiKey, Depends(needs("admin"))]


def audit(key: ApiKey, action: str, **what: object) -> None:
    """One line per change: who, what, on which record. Values of secrets never come here."""
    log.info("audit", caller=key.name, key=key.prefix, role=key.role, action=action, **what)
