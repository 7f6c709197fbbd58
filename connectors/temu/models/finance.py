"""Statement files (API reference §15)."""

from __future__ import annotations

from connectors.temu.models.fields import Record


class BillFile(Record):
    """What is told about a fetched file: kind, name, size and SHA-256; its bytes stand beside this."""

    file_type: str | None = None
