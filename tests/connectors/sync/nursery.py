"""`python -m tests.connectors.sync.nursery`: syncs that are born to die, forked from a process that has all imports.

One JSON line in per sync (`url`, `data_dir`, `what`, `when`), one out (`code`, `reached`): it is killed as `kill -9`
would at its `when`-th call or statement, without any of its `finally` running. Pages and leaves are small, so that a
small world has many points to die at.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import structlog
from pydantic import SecretStr

from connectors.settings import Settings
from connectors.sync import known, sync_shops
from connectors.temu import streams
from connectors.temu.client import TemuClient

KILLED = 77
DOORS = {
    "call": [(TemuClient, "_post")],
    "statement": [
        (psycopg.AsyncCursor, "execute"),
        (psycopg.AsyncCursor, "executemany"),
        (psycopg.AsyncCursor, "copy"),
        (psycopg.AsyncTransaction, "__aexit__"),
    ],
}


def main() -> None:
    object.__setattr__(streams.ORDER_LIST, "page_size", 4)
    object.__setattr__(streams.ORDER_LIST, "leaf_rows", 8)
    known.CHUNK = 5
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # stdout is for answers
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_give_birth(json.loads(line))) + "\n")
        sys.stdout.flush()


def _give_birth(task: Mapping[str, Any]) -> dict[str, int]:
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        _live(task, theirs)
    os.close(theirs)
    with os.fdopen(ours) as told:
        reached = told.read()
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), "reached": int(reached or 0)}


def _live(task: Mapping[str, Any], told: int) -> None:
    """Sync until the end, or until the point that was chosen; never returns."""
    reached = 0

    def step() -> None:
        nonlocal reached
        reached += 1
        if reached == task["when"]:
            os.write(told, str(reached).encode())
            os._exit(KILLED)

    for owner, name in DOORS[task["what"]]:
        _watch(owner, name, step)
    try:
        _sync(task["url"], Path(task["data_dir"]))
    except BaseException as error:  # noqa: BLE001 - a fork must never fall into its parent's loop
        sys.stderr.write(repr(error))
        os._exit(1)
    os.write(told, str(reached).encode())
    os._exit(0)


def _watch(owner: type, name: str, step: Callable[[], None]) -> None:
    original = getattr(owner, name)

    def counted(*args: object, **options: object) -> object:
        step()
        return original(*args, **options)

    setattr(owner, name, counted)


def _sync(url: str, data_dir: Path) -> None:
    settings = Settings(
        _env_file=None, data_dir=data_dir, database_url=SecretStr(url), settle_seconds=0, requests_in_flight=2
    )
    sync_shops(
        url, settings=settings, shops=None, streams=None, window=None, run_id="crash", on_event=lambda _event: None
    )


if __name__ == "__main__":
    main()
