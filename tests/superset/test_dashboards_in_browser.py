"""Every dashboard of a running demo, opened in a browser in both languages; the pictures stay under artifacts/."""

from __future__ import annotations

import os
from itertools import product
from typing import Any

import pytest

from connectors.settings import PROJECT_ROOT
from tests.superset.browser import find_chromium, open_every_dashboard

pytestmark = [pytest.mark.browser, pytest.mark.services]
PICTURES = PROJECT_ROOT / "artifacts" / "dashboards"
DASHBOARDS = {path.stem for path in (PROJECT_ROOT / "superset" / "assets" / "dashboards").glob("*.yaml")}


@pytest.mark.skipif(
    find_chromium() is None and "CI" not in os.environ,  # where nobody reads the skips, a missing browser fails
    reason="no Chromium on this machine; name one in OMNI_CHROMIUM",
)
def test_every_dashboard_draws_every_chart_in_chinese_and_english(demo_stack: Any) -> None:
    visits = open_every_dashboard(demo_stack.superset_url, demo_stack.user, demo_stack.password, PICTURES)
    assert {(visit.dashboard, visit.language) for visit in visits} >= set(product(DASHBOARDS, ("zh", "en")))
    assert {str(visit.picture.name): visit.problems for visit in visits if visit.problems} == {}
    assert all(visit.picture.stat().st_size > 20_000 for visit in visits)
