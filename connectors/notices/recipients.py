"""Who is told: addresses by role, sealed like other secrets because a chat bot's address is its password.

Belongs here: table ops.alert_recipients. A recipient of a role that is told only of own rows (manager, shop owner) has
a `subject`: the manager's name or the shop's id.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.notices.channels import CHANNELS
from connectors.secrets import SecretBox

MAIL = "mail"
KINDS = (MAIL, *CHANNELS)


@dataclass(frozen=True)
class Recipient:
    """One address of a role."""

    id: int
    role: str
    subject: str
    channel: str
    target: SecretStr
    secret: SecretStr

    @property
    def shown(self) -> str:
        """The address without what would let others use it."""
        target = self.target.get_secret_value()
        return target if self.channel == MAIL else target.split("?")[0].rsplit("/", 1)[0] + "/…"


def add_recipient(
    connection: psycopg.Connection, box: SecretBox, *, role: str, channel: str, target: str, secret: str, subject: str
) -> int:
    """Keep an address; returns its number. ConfigurationError for an unknown channel or an address that is none."""
    if channel not in KINDS:
        raise ConfigurationError(f"there is no channel {channel}", remedy=f"one of {', '.join(KINDS)}")
    is_address = "@" in target if channel == MAIL else target.startswith(("https://", "http://"))
    if not is_address:
        raise ConfigurationError(f"that is no address for {channel}", remedy="a mailbox, or the bot's https:// address")
    row = connection.execute(
        "insert into ops.alert_recipients (role, subject, channel, target, secret) "
        "values (%s, %s, %s, %s, %s) returning id",
        [role, subject, channel, box.encrypt(target), box.encrypt(secret)],
    ).fetchone()
    return int(row[0]) if row else 0


def remove_recipient(connection: psycopg.Connection, number: int) -> bool:
    """Forget an address; whether there was one."""
    return connection.execute("delete from ops.alert_recipients where id = %s", [number]).rowcount == 1


def list_recipients(connection: psycopg.Connection, box: SecretBox) -> list[Recipient]:
    """All of them, by role."""
    rows = connection.execute(
        "select id, role, subject, channel, target, secret from ops.alert_recipients order by role, subject, id"
    ).fetchall()
    return [
        Recipient(number, role, subject, channel, box.decrypt(target), box.decrypt(secret))
        for number, role, subject, channel, target, secret in rows
    ]
