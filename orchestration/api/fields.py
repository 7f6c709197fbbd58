"""Kinds of fields that requests share, and the long examples of the OpenAPI document.

Belongs here: bounds that keep a text usable as a value in PostgreSQL. Does not belong here: which fields a request has.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import JsonValue, StringConstraints

PlainText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Text without control characters."""

EXAMPLE_TASK: dict[str, JsonValue] = {
    "task_id": "7a1f0f53-7a9b-4f0d-9a3a-0d6f4f3c2b11",
    "kind": "orders",
    "state": "running",
    "progress": 0.5,
    "eta_seconds": 14,
    "requested_at": "2026-11-27T08:00:00Z",
    "started_at": "2026-11-27T08:00:02Z",
    "finished_at": None,
    "counts": {"calls": 41, "rows_read": 930, "rows_inserted": 12, "rows_updated": 31, "rows_unchanged": 887},
    "parts": [
        {
            "shop": "Acme US",
            "stream": "orders",
            "state": "completed",
            "calls": 12,
            "rows_read": 930,
            "rows_inserted": 12,
            "rows_updated": 31,
            "rows_unchanged": 887,
            "rows_dead_lettered": 0,
            "error": None,
            "started_at": "2026-11-27T08:00:02Z",
            "finished_at": "2026-11-27T08:00:09Z",
        }
    ],
    "items": [],
    "status_url": "/api/sync/orders/status/7a1f0f53-7a9b-4f0d-9a3a-0d6f4f3c2b11",
}
