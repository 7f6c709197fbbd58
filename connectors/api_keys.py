"""Who may call the control API: keys by name and role, of which only a hash is kept (`ops.api_keys`).

Belongs here: making, finding, listing and revoking keys. Does not belong here: which role may do what (see the API).
All functions work in the caller's transaction; nothing is committed here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, fields
from datetime import datetime

import psycopg
from psycopg.rows import class_row
from pydantic import SecretStr

from connectors.errors import ConfigurationError

ROLES = ("viewer", "operator", "admin")
"""From the least to the most allowed: see, start and refresh, change shops."""

_MARK = "omni"
_MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret; times are aware UTC. `prefix` is the readable part that logs may show."""

    id: int
    name: str
    role: str
    prefix: str
    created_at: datetime
    revoked_at: datetime | None


_SELECTED = ", ".join(field.name for field in fields(ApiKey))


def create_key(conn: psycopg.Connection, *, name: str, role: str) -> tuple[ApiKey, SecretStr]:
    """A new key and its text, which can never be shown again. ConfigurationError for a bad or used name or role."""
    if role not in ROLES:
        raise ConfigurationError(f'no role is called "{role}"', remedy=f"choose one of {', '.join(ROLES)}")
    if not name.strip() or name != name.strip() or len(name) > _MOST_NAME or not name.isprintable():
        raise ConfigurationError("a key needs a plain name", remedy="name the person or program that will use it")
    prefix = secrets.token_hex(4)
    text = f"{_MARK}_{prefix}_{secrets.token_urlsafe(32)}"
    statement = f"""
        insert into ops.api_keys (name, role, prefix, key_hash) values (%s, %s, %s, %s)
        on conflict (name) where revoked_at is null do nothing returning {_SELECTED}
    """
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        saved = cursor.execute(statement, [name, role, prefix, hash_of(text)]).fetchone()
    if saved is None:
        raise ConfigurationError(
            f'an active key is called "{name}" already', remedy="choose another name, or revoke that key first"
        )
    return saved, SecretStr(text)


def is_shaped_as_key(text: str) -> bool:
    """Whether a key could have this text; no database is needed to say no."""
    parts = text.split("_", 2)
    return len(parts) == 3 and parts[0] == _MARK and parts[1].isalnum()


def find_key(conn: psycopg.Connection, text: str) -> ApiKey | None:
    """The active key with this text, or None. The hash is compared in constant time."""
    if not is_shaped_as_key(text):
        return None
    query = f"select key_hash, {_SELECTED} from ops.api_keys where prefix = %s and revoked_at is null"
    row = conn.execute(query, [text.split("_", 2)[1]]).fetchone()
    if row is None or not hmac.compare_digest(bytes(row[0]), hash_of(text)):
        return None
    return ApiKey(*row[1:])


def list_keys(conn: psycopg.Connection) -> list[ApiKey]:
    """All keys, revoked ones last."""
    query = f"select {_SELECTED} from ops.api_keys order by revoked_at is not null, name, id"
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(query).fetchall()


def revoke_key(conn: psycopg.Connection, name_or_prefix: str) -> ApiKey:
    """End a key at once; revoking it again changes nothing. ConfigurationError names the known keys."""
    statement = f"""
        update ops.api_keys set revoked_at = coalesce(revoked_at, now())
        where id = (
            select id from ops.api_keys where %(wanted)s in (name, prefix) order by revoked_at desc nulls first limit 1
        ) returning {_SELECTED}
    """
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        revoked = cursor.execute(statement, {"wanted": name_or_prefix}).fetchone()
    if revoked is None:
        known = ", ".join(f'"{one.name}" ({one.prefix})' for one in list_keys(conn)) or "none yet"
        raise ConfigurationError(
            f'no key has the name or prefix "{name_or_prefix}"; known keys: {known}', remedy="see `omni api-keys list`"
        )
    return revoked


def hash_of(text: str) -> bytes:
    """What stands for a key's text. The text holds 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(text.encode()).digest()
