"""Readers of this installation: `python superset/users.py` with one JSON document on standard input.

Belongs here: the door for `omni bi users`. {"action": "add", "readers": [{"username", "password" or null, "group",
"values"}]} adds or changes readers, {"action": "list"} prints all users as JSON on the last line. Passwords come on
standard input, so that no list of processes shows them.
"""

import json
import sys
from pathlib import Path
from typing import Any

from bundle import Assets
from provision import ADMIN, start_app

HERE = Path(__file__).resolve().parent
READERS_ARE_NOT = {ADMIN}


def add(readers: list[dict[str, Any]]) -> list[str]:
    """Add or change readers. SystemExit when a name is the administrator's."""
    from access import ensure_reader, ensure_roles, ensure_rules
    from audience import ROLES

    for one in readers:
        if one["username"] in READERS_ARE_NOT:
            raise SystemExit(f"{one['username']} is the administrator, not a reader; choose another name")
        if one["group"] not in ROLES:
            raise SystemExit(f"{one['group']} is no role; known: {', '.join(ROLES)}")
    assets = Assets.read(HERE / "assets")
    ensure_roles(assets)
    said = [ensure_reader(one["username"], one["password"], one["group"], one["values"]) for one in readers]
    ensure_rules(assets)
    return said


def listed() -> list[dict[str, Any]]:
    """Name, roles and last login of every user."""
    from superset import security_manager

    return [
        {
            "username": user.username,
            "roles": sorted(role.name for role in user.roles),
            "active": bool(user.active),
            "last_login": user.last_login.isoformat() if user.last_login else None,
        }
        for user in security_manager.get_all_users()
    ]


def main() -> None:
    """Do what standard input asks for."""
    wanted = json.load(sys.stdin)
    with start_app().app_context():
        answer = add(wanted["readers"]) if wanted["action"] == "add" else listed()
    print(json.dumps(answer, ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main()
