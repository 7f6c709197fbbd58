"""Whose rows a reader of the dashboards may see: table ops.bi_scopes, which the views before the marts look into.

Belongs here: the key that stands for a reader, and writing down what it opens. Not here: the views (dbt macro
`fences`), the roles (`roles`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal

import psycopg

from connectors.secrets import local_secret
from connectors.settings import Settings

Kind = Literal["manager", "shop"]
SCOPE_SECRET = "bi_scopes"  # noqa: S105 - the name of a secret


def scope_key(settings: Settings, username: str) -> str:
    """What the front end shows the database for this reader; without the installation's secret nobody can tell it."""
    secret = local_secret(settings, SCOPE_SECRET).get_secret_value().encode()
    return hmac.new(secret, username.encode(), hashlib.sha256).hexdigest()


def replace_scope(
    connection: psycopg.Connection, key: str, username: str, kind: Kind | None = None, values: Sequence[str] = ()
) -> None:
    """From now on `key` opens the rows of exactly these managers or shops (ids); of nobody when there are none."""
    connection.execute("delete from ops.bi_scopes where scope_key = %s", [key])
    for value in dict.fromkeys(values):
        connection.execute(
            "insert into ops.bi_scopes (scope_key, kind, value, username) values (%s, %s, %s, %s)",
            [key, kind, value, username],
        )
