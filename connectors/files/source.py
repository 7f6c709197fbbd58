"""A file as it was read, once: its bytes, its identity and who brought it.

Belongs here: opening the file. Does not belong here: what is in it (`reading`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.errors import ConfigurationError
from connectors.files.reading import UnreadableFileError


class MissingFileError(ConfigurationError):
    """There is no file at the path."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """`name` is the file's identity, `digest` (SHA-256, hex) the identity of its content; `started_at` is UTC."""

    name: str
    suffix: str
    content: bytes
    digest: str
    run_id: str
    imported_by: str
    started_at: datetime


def read_source(path: Path, run_id: str, imported_by: str) -> SourceFile:
    """Open and read a file. MissingFileError without one; UnreadableFileError when the system refuses."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as problem:
        raise MissingFileError(f"there is no file {path.name}", remedy="check the path") from problem
    except OSError as problem:
        raise UnreadableFileError(
            f"the file cannot be opened: {problem.strerror}", remedy="check its rights"
        ) from problem
    name = path.name.encode("utf-8", "backslashreplace").decode("utf-8")
    digest = hashlib.sha256(content).hexdigest()
    return SourceFile(name, path.suffix.casefold(), content, digest, run_id, imported_by, datetime.now(UTC))
