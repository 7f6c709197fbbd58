"""What is told: a title, a few lines, one link, perhaps files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Message:
    """One message; `lines` are plain text, `link` opens what it is about."""

    title: str
    lines: tuple[str, ...] = ()
    link: str = ""
    files: tuple[Path, ...] = ()

    @property
    def text(self) -> str:
        """Everything as plain text."""
        names = tuple(f"📎 {path.name}" for path in self.files)
        return "\n".join(filter(None, (*self.lines, *names, self.link)))
