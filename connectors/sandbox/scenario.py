"""A scenario: what goes wrong on which day, written down in a file, so that a storm can be repeated.

Belongs here: reading and checking the file, from its days to instants. Does not belong here: playing it (`sandbox`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.sandbox.faults import Fault, UnknownFaultError
from connectors.sandbox.push.subscription import BadSubscriptionError, Subscription
from connectors.sandbox.world.shops import DAY

SIXTY_DAYS = Path(__file__).with_name("sixty_days.json")
"""Every fault that the sandbox knows, within sixty days and with two calm ones at the end."""
_ANY_DOOR = {"url": "http://door.invalid"}
_CHANGES = {"rotate": bool, "expire": bool, "grant": list, "revoke": list}


class BadScenarioError(ValueError):
    """The file is no scenario; the message names the entry and what was expected."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`faults` are rules with `days`, `[from, until)` since the start; `tokens` say what a seller does on which `day`.

    `webhooks` are the troubles of pushed events as a subscription names them; with a `url` it is itself one.
    `name` tells it from any other: a sandbox that is started again with the same one goes on with it.
    """

    name: str
    faults: list[dict[str, Any]]
    tokens: list[dict[str, Any]]
    webhooks: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path) -> Scenario:
        """Read a file. Raises BadScenarioError; OSError if there is none."""
        text = path.read_bytes()
        try:
            whole = json.loads(text)
        except json.JSONDecodeError as error:
            raise BadScenarioError(f"{path} is no JSON: {error}") from None
        if not isinstance(whole, dict) or not whole.keys() <= {"about", "faults", "tokens", "webhooks"}:
            raise BadScenarioError(f"{path} must be an object with faults, tokens, webhooks and about")
        name = f"{path.name} {hashlib.sha256(text).hexdigest()[:12]}"
        webhooks = _troubles(whole.get("webhooks", {}))
        scenario = cls(name, list(whole.get("faults", [])), list(whole.get("tokens", [])), webhooks)
        scenario.rules(0)
        scenario.steps(0)
        return scenario

    def rules(self, start: int) -> list[Fault]:
        """The faults with the instants (epoch seconds) at which they are in force."""
        return [_rule(dict(entry), start) for entry in self.faults]

    def steps(self, start: int) -> list[dict[str, Any]]:
        """What sellers do with their authorisations: `at` (epoch seconds), `shop`, and one change; in order of time."""
        return sorted((_step(dict(entry), start) for entry in self.tokens), key=lambda step: step["at"])


def _rule(entry: dict[str, Any], start: int) -> Fault:
    days = entry.pop("days", None)
    if not (isinstance(days, list) and len(days) == 2 and all(map(_is_day, days)) and days[0] < days[1]):
        raise BadScenarioError(f"a fault needs days, [from, until) since the start, got {days!r} in {entry}")
    try:
        return Fault.parse(entry | {"since": start + int(days[0] * DAY), "until": start + int(days[1] * DAY)})
    except UnknownFaultError as error:
        raise BadScenarioError(str(error)) from None


def _step(entry: dict[str, Any], start: int) -> dict[str, Any]:
    day, changes = entry.pop("day", None), entry.keys() & _CHANGES.keys()
    if not _is_day(day) or len(changes) != 1 or not isinstance(entry.get("shop"), str | int) or len(entry) != 2:
        raise BadScenarioError(f"a token step needs day, shop and one of {', '.join(_CHANGES)}, got {entry}")
    [change] = changes
    if not isinstance(entry[change], _CHANGES[change]):
        raise BadScenarioError(f"{change} must be a {_CHANGES[change].__name__}, got {entry[change]!r}")
    return entry | {"at": start + int(day * DAY)}


def _troubles(wanted: object) -> dict[str, Any]:
    if not isinstance(wanted, dict):
        raise BadScenarioError(f"webhooks must be an object, got {wanted!r}")
    try:
        Subscription.of(_ANY_DOOR | wanted)
    except BadSubscriptionError as error:
        raise BadScenarioError(f"webhooks: {error}") from None
    return wanted


def _is_day(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
