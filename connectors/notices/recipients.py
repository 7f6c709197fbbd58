"""Who is told: addresses by role, sealed like other secrets because a chat bot's address is its password.

Belongs here: table ops.alert_recipients. A recipient of a role that is told only of own rows (manager, shop owner) has
a `subject`: the manager's name or the shop's id.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import httpx
import psycopg
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.notices.channels import CHANNELS
from connectors.secrets import SecretBox

MAIL = "mail"
KINDS = (MAIL, *CHANNELS)
MAILBOX = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+")


@dataclass(frozen=True)
class Recipient:
    """One address of a role; `known_to_superset`: a mailbox that Superset was given for its own alerts."""

    id: int
    role: str
    subject: str
    channel: str
    target: SecretStr
    secret: SecretStr
    known_to_superset: bool = False

    @property
    def shown(self) -> str:
        """The address without what would let others use it."""
        target = self.target.get_secret_value()
        if self.channel == MAIL:
            return target
        scheme, _, place = re.split("[?#]", target)[0].partition("://")
        host, *path = place.split("/")
        return "/".join([f"{scheme}://{host.rpartition('@')[2]}", *path[:-1], "…"])


def add_recipient(
    connection: psycopg.Connection, box: SecretBox, *, role: str, channel: str, target: str, secret: str, subject: str
) -> int:
    """Keep an address; returns its number. ConfigurationError for an unknown channel or an address that is none."""
    if channel not in KINDS:
        raise ConfigurationError(f"there is no channel {channel}", remedy=f"one of {', '.join(KINDS)}")
    if not (MAILBOX.fullmatch(target) if channel == MAIL else _is_web_address(target)):
        raise ConfigurationError(f"that is no address for {channel}", remedy="a mailbox, or the bot's https:// address")
    row = connection.execute(
        "insert into ops.alert_recipients (role, subject, channel, target, secret) "
        "values (%s, %s, %s, %s, %s) returning id",
        [role, subject, channel, box.encrypt(target), box.encrypt(secret)],
    ).fetchone()
    return int(row[0]) if row else 0


def remove_recipient(connection: psycopg.Connection, number: int) -> bool:
    """Forget an address; whether Superset was given it. ConfigurationError when there is none of that number."""
    gone = "delete from ops.alert_recipients where id = %s returning known_to_superset"
    row = connection.execute(gone, [number]).fetchone()
    if row is None:
        raise ConfigurationError(f"there is no recipient {number}", remedy="see omni alerts recipients list")
    return bool(row[0])


def note_known_to_superset(connection: psycopg.Connection, numbers: Collection[int]) -> None:
    """Superset has been given the mailboxes of these recipients, and of no others."""
    connection.execute("update ops.alert_recipients set known_to_superset = id = any(%s)", [list(numbers)])


def list_recipients(connection: psycopg.Connection, box: SecretBox) -> list[Recipient]:
    """All of them, by role."""
    rows = connection.execute(
        "select id, role, subject, channel, target, secret, known_to_superset from ops.alert_recipients "
        "order by role, subject, id"
    ).fetchall()
    return [
        Recipient(number, role, subject, channel, box.decrypt(target), box.decrypt(secret), known)
        for number, role, subject, channel, target, secret, known in rows
    ]


def _is_web_address(target: str) -> bool:
    try:
        address = httpx.URL(target)
    except (httpx.InvalidURL, ValueError):
        return False
    return address.scheme in ("http", "https") and bool(address.host)
