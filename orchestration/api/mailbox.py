"""A verified event becomes a file that survives a power cut; only then is it acknowledged.

Belongs here: the name and content of an event file, and writing it whole or not at all. Who reads it is
`orchestration.ingest.webhook_inbox`. The same change has the same name, so a repeated delivery is known by its file.
"""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import msgspec

from connectors.temu.webhooks import Event
from orchestration.ingest.webhook_inbox import DONE

SCRATCH_SUFFIX = ".tmp"
_ABANDONED_SECONDS = 3600.0


class Mailbox:
    """The inbox folder as the door sees it. Safe to use from several threads."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox

    def open(self) -> None:
        """Make the folder, and sweep away what writers that died left half written."""
        self._inbox.mkdir(parents=True, exist_ok=True)
        for scratch in self._inbox.glob(f".*{SCRATCH_SUFFIX}"):
            if time.time() - scratch.stat().st_mtime > _ABANDONED_SECONDS:
                scratch.unlink(missing_ok=True)

    def put(self, event: Event, received_at: datetime) -> bool:
        """Store the event; False if it waits already or was processed lately. On return it is on the disk.

        Raises OSError when the disk does not take it: then it must not be acknowledged.
        """
        path = self._inbox / file_name(event)
        if path.exists() or (self._inbox / DONE / path.name).exists():
            return False
        write_durably(path, content(event, received_at))
        return True

    def is_writable(self) -> bool:
        """Whether events can be taken at all."""
        return os.access(self._inbox, os.W_OK | os.X_OK)


def file_name(event: Event) -> str:
    """Sorts by the time of the change; equal for every delivery of the same change."""
    at = event.updated_at or event.sent_at
    return f"{int(at.timestamp())}-{event.id}.json"


def content(event: Event, received_at: datetime) -> bytes:
    """What `webhook_inbox.EventFile` reads: our envelope around the platform's own message."""
    known = {"mallId": event.mall_id, "parentOrderSn": event.parent_order_sn}
    body = {
        "event_id": event.id,
        "event": event.code,
        "received_at": received_at.isoformat(),
        "data": {**event.data, **{name: value for name, value in known.items() if value is not None}},
    }
    return msgspec.json.encode(body)


def write_durably(path: Path, body: bytes) -> None:
    """Temporary file, fsync, rename, fsync of the folder: after a crash the file is whole or was never there."""
    scratch = path.with_name(f".{path.name}.{uuid4().hex}{SCRATCH_SUFFIX}")
    try:
        with scratch.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
