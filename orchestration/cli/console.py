"""How omni talks to people: a list of steps with counts and times, tables, and one clear line per error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

WIDE = 10_000  # a log or a pipe has no width of its own, and a path that is folded is found by nobody

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass
class Step:
    """One line of progress. `note` is what it achieved, shown when it ends; `seconds` is its wall time."""

    title: str
    note: str = ""
    seconds: float = 0.0


@dataclass
class Steps:
    """The steps of one long command, in order, for the summary at its end."""

    total: int
    done: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Announce a step, run its body, then say what it did and how long it took."""
        step = Step(title)
        label = f"[{len(self.done) + 1}/{self.total}]"
        started = time.monotonic()
        out.print(f"{label} {title} …", style="bold", markup=False)
        try:
            yield step
        except BaseException:
            out.print(
                f"{label} {title}: did not finish ({time.monotonic() - started:.1f} s)", style="red", markup=False
            )
            raise
        step.seconds = time.monotonic() - started
        self.done.append(step)
        note = f": {step.note}" if step.note else ""
        out.print(f"{label} {title}{note}  ({step.seconds:.1f} s)", style="green", markup=False)


def say(message: str) -> None:
    """An indented line of detail below the current step."""
    out.print(f"      {message}", style="dim", markup=False)


def complain(message: str) -> None:
    """One clear line on stderr."""
    err.print(f"omni: {message}", style="bold red", markup=False)


def table(title: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Print a table; numbers are aligned to the right."""
    grid = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        grid.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        grid.add_row(*(_cell(value) for value in row))
    out.print(grid)


def counts_table(title: str, counts: Mapping[str, int]) -> None:
    """Rows per relation."""
    table(title, ("relation", "rows"), [(name, count) for name, count in counts.items()])


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return str(value)
