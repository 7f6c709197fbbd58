"""Numbers on the screen, as a reader sees them, and how the dashboards write a number of SQL.

Belongs here: finding a chart by its title, what its tile or its table says, Superset's formats in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from playwright.sync_api import Locator, Page


def chart(page: Page, title: str) -> Locator:
    """The box of a chart, by its whole title."""
    return page.locator(f'[data-test-chart-name="{title}"]:visible')


def tile(page: Page, title: str) -> str:
    """The number of a tile, without the arrow that compares it."""
    lines = [line.strip() for line in chart(page, title).inner_text().splitlines() if line.strip()]
    return lines[1].rstrip("↑↓ ") if len(lines) > 1 else ""


def cells(page: Page, title: str) -> list[list[str]]:
    """Rows of a table, without its head and its totals."""
    rows: list[list[str]] = chart(page, title).evaluate(
        "box => [...box.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    return rows


def whole(value: Any) -> str:
    """`,d`"""
    return f"{_rounded(value, 0):,}"


def money(value: Any) -> str:
    """`$,.0f` with ¥ as the currency."""
    number = _rounded(value, 0)
    return f"{'-' if number < 0 else ''}¥{abs(number):,}"


def percent(value: Any) -> str:
    """`.1%`"""
    return f"{_rounded(Decimal(str(value)) * 100, 1):,}%"


def _rounded(value: Any, digits: int) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


Write = Callable[[Any], str]
