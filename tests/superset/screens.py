"""What tests that look at screens share: where they run, a screen that is drawn, a value of the marts beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page

from orchestration.screens.browser import find_chromium
from orchestration.screens.walk import CHART, wait_until_drawn

IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.services,
    pytest.mark.skipif(
        find_chromium() is None and "CI" not in os.environ,  # where nobody reads the skips, a missing browser fails
        reason="no Chromium on this machine; name one in OMNI_CHROMIUM",
    ),
]


def open_screen(page: Page, path: str) -> None:
    page.goto(path)
    page.locator(CHART).first.wait_for()
    wait_until_drawn(page)


def one_value(marts: psycopg.Connection, query: str, values: Mapping[str, Any] | None = None) -> Any:
    row = marts.execute(query, values).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row[0]
