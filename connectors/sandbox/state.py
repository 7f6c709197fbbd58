"""What survives a restart: which world this is, how far its clock runs ahead, and what commands have changed.

Belongs here: one small JSON file. Orders are never stored; they follow from the specification and the time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE_NAME = "world.json"
VERSION = 1


class WorldMismatchError(ValueError):
    """The folder holds another world than the one asked for."""


@dataclass(slots=True)
class SandboxState:
    """`tokens` counts re-authorisations per mall id, `grants` lists extra scopes, `events` subscribed ones,
    `touches` maps orders to instants, `scenario` is the one that is played, `steps` of it are still to come."""

    seed: int
    opening: int
    days: int
    orders_per_day: float
    refunds_move_orders: bool
    clock_offset: float
    files_at: int
    faults: list[dict[str, Any]] = field(default_factory=list)
    touches: dict[str, dict[str, int]] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    expired: list[str] = field(default_factory=list)
    grants: dict[str, list[str]] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=dict)
    scenario: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)
    version: int = VERSION


def load(folder: Path) -> SandboxState | None:
    """The state kept in `folder`, None if there is none yet."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    raw = json.loads(path.read_text(encoding="utf-8"))
    if raw.get("version") != VERSION:
        raise WorldMismatchError(
            f"{path} has version {raw.get('version')}, this sandbox reads {VERSION}: delete the file"
        )
    return SandboxState(**raw)


def save(folder: Path, state: SandboxState) -> None:
    """Write through a temporary file, so that a crash leaves the old state."""
    write_json(folder / FILE_NAME, asdict(state))


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """One JSON object, written as temporary file + rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    temporary.replace(path)
