"""Who is asking: the fence of the reader behind a query, and what follows from it while Superset runs.

Belongs here: the Postgres role and the views that a query is answered from, and the checks that Superset makes while it
answers. Not here: which role reads which dataset (audience.py), creating roles and rules (access.py).

Two fences stand one behind the other. Superset adds the rows' condition to each query (row-level security, access.py).
Postgres answers the query as a role that has nothing but the views of its group, with a key that opens one person's
rows; a query that named a mart itself, or a column of costs, would be refused or find NULL.
"""

import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from typing import Any

from flask import g, has_request_context
from superset.security import SupersetSecurityManager

TITLES = {"finance": "Finance", "operations": "Operations", "manager": "Manager", "shop_owner": "Shop owner"}
OPEN_ROLES = {"Admin", "Analyst", TITLES["finance"]}
LITERALS = re.compile(r"('(?:[^']|'')*')")
OF_MARTS = re.compile(r'(?<![\w."])"?marts"?\.(?=["a-zA-Z_])')


@dataclass(frozen=True)
class Fence:
    """A group of readers: its Postgres role and the schema with its views."""

    group: str

    @property
    def role(self) -> str:
        """The role that the query is answered as."""
        return f"bi_{self.group}"

    @property
    def schema(self) -> str:
        """Where the group's views are."""
        return f"marts_{self.group}"


def fence_of(role_names: set[str]) -> Fence | None:
    """The narrowest fence of these Superset roles; None for those who see the marts themselves.

    Somebody without any role of ours is treated like operations, so that a forgotten role opens nothing.
    """
    for group in ("manager", "shop_owner", "operations"):
        if TITLES[group] in role_names:
            return Fence(group)
    return None if role_names & OPEN_ROLES else Fence("operations")


def current_fence() -> Fence | None:
    """The fence of whoever is asking. Outside of a request it is our own program, which has none."""
    user = getattr(g, "user", None) if has_request_context() or hasattr(g, "user") else None
    if user is None:
        return Fence("operations") if has_request_context() else None
    return fence_of({role.name for role in getattr(user, "roles", [])})


def scope_key(username: str) -> str:
    """What opens this reader's rows in Postgres (ops.bi_scopes): nobody without the secret can tell it."""
    secret = os.environ["OMNI_BI_SCOPE_SECRET"].encode()
    return hmac.new(secret, username.encode(), hashlib.sha256).hexdigest()


def connect_as_reader(url: Any, parameters: dict[str, Any], username: str | None, *_: Any) -> tuple[Any, Any]:
    """Superset's DB_CONNECTION_MUTATOR: log in as the role of the reader's group, with the reader's key."""
    fence = current_fence()
    if fence is None or url.username != "bi_reader":
        return url, parameters
    arguments = dict(parameters.get("connect_args") or {})
    options = [arguments.get("options"), f"-c omni.reader={scope_key(username or '')}"]
    arguments["options"] = " ".join(filter(None, options))
    return url.set(username=fence.role), parameters | {"connect_args": arguments}


def read_views(sql: str, **_: Any) -> str:
    """Superset's SQL_QUERY_MUTATOR: the views of the reader's group in the place of the marts."""
    fence = current_fence()
    if fence is None:
        return sql
    pieces = LITERALS.split(sql)  # every second piece is a text and stays as it is
    return "".join(
        piece if index % 2 else OF_MARTS.sub(f"{fence.schema}.", piece) for index, piece in enumerate(pieces)
    )


class ReaderSecurityManager(SupersetSecurityManager):
    """Superset's own checks, with one loophole closed."""

    def raise_for_access(self, *arguments: Any, **named: Any) -> None:
        """A dashboard's roles say who finds it; they do not open the datasets of its charts, as Superset would."""
        super().raise_for_access(*arguments, **named)
        asked = named.get("query_context") or named.get("viz")
        if asked is not None:
            super().raise_for_access(datasource=asked.datasource)
