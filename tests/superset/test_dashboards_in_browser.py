"""Every dashboard of a running demo, opened in a browser in both languages; the pictures stay under artifacts/."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser

from connectors.settings import PROJECT_ROOT
from orchestration.screens.browser import LOCALES, reader_page
from orchestration.screens.walk import Visit, walk
from tests.superset.screens import IN_A_BROWSER
from tests.superset.wording import half_translated, left_in_english, words_of_marts

pytestmark = IN_A_BROWSER
PICTURES = PROJECT_ROOT / "artifacts" / "dashboards"
DASHBOARDS = {path.stem for path in (PROJECT_ROOT / "superset" / "assets" / "dashboards").glob("*.yaml")}


@dataclass(frozen=True)
class Seen:
    """One tab in one language and its picture."""

    language: str
    visit: Visit
    picture: Path


@pytest.fixture(scope="module")
def seen(demo_stack: Any, browser: Browser) -> list[Seen]:
    """Every tab of every dashboard, in both languages."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    return [one for language in LOCALES for one in look_at_all(browser, demo_stack, language)]


def look_at_all(browser: Browser, stack: Any, language: str) -> Iterator[Seen]:
    with reader_page(browser, stack.superset_url, stack.user, stack.password, language=language) as page:
        for visit in walk(page):
            picture = PICTURES / f"{visit.stem}.{language}.png"
            page.screenshot(path=str(picture))
            yield Seen(language, visit, picture)


@pytest.fixture(scope="module")
def data_words(demo_stack: Any) -> set[str]:
    """Every text that stands in a mart: names of shops, articles, carriers, codes."""
    with psycopg.connect(demo_stack.database_url) as connection:
        return words_of_marts(connection)


def test_every_dashboard_draws_every_chart_in_chinese_and_english(seen: list[Seen]) -> None:
    assert {(one.visit.dashboard, one.language) for one in seen} >= set(product(DASHBOARDS, LOCALES))
    assert {one.picture.name: one.visit.problems for one in seen if one.visit.problems} == {}
    assert all(one.picture.stat().st_size > 20_000 for one in seen)


def test_an_english_screen_has_no_chinese_that_is_not_a_title_in_both_languages_or_data(
    seen: list[Seen], data_words: set[str]
) -> None:
    assert half_translated(texts_in("en", seen), data_words) == []


def test_a_chinese_screen_has_no_english_words_of_superset(seen: list[Seen], data_words: set[str]) -> None:
    assert left_in_english(texts_in("zh", seen), data_words) == []


def texts_in(language: str, seen: list[Seen]) -> list[str]:
    return sorted({text for one in seen if one.language == language for text in one.visit.texts})
