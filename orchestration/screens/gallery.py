"""docs/gallery.md: a picture of every tab of every dashboard, in both languages, from a running installation.

Belongs here: taking the pictures, naming them, the page around them. Safe to repeat: the same names are written over,
pictures of tabs that are gone are removed. Publish pictures of the demo only: they show what the dashboards show.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.settings import PROJECT_ROOT
from orchestration.dashboards import Dashboard, read_dashboards
from orchestration.screens.browser import DESKTOP, LOCALES, open_browser, reader_page
from orchestration.screens.walk import walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOCS = PROJECT_ROOT / "docs"
PICTURES = "gallery"
WEBP_QUALITY = 45
SCALE = 0.62  # of the screen; all of them together must not weigh on every clone of the project
HEAD = """# Gallery

Every tab of every dashboard, in Chinese and in English, on the invented shops of `omni demo`. Written by
`omni bi gallery` from a running installation; do not edit by hand.
"""


def take_pictures(
    base_url: str,
    user: str,
    password: str,
    only: Sequence[str] = (),
    docs: Path = DOCS,
    tell: Callable[[str], None] = print,
) -> int:
    """Take the pictures of these dashboards (none named: all) and write the page; returns how many were taken.

    Raises:
        ConfigurationError: the browser is missing, or Superset does not let this user in.
    """
    folder = docs / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    with open_browser() as browser:
        for language in LOCALES:
            with reader_page(browser, base_url, user, password, language=language) as page:
                for visit in walk(page, only):
                    path = folder / picture_name(visit.dashboard, visit.place, language)
                    path.write_bytes(picture_of(page))
                    taken += 1
                    tell("; ".join([f"{path.name}: {path.stat().st_size / 1000:.0f} kB", *visit.problems]))
    write_page(docs)
    return taken


def write_page(docs: Path = DOCS) -> None:
    """Write gallery.md for the dashboards of the files, and remove pictures that it does not name."""
    dashboards = read_dashboards()
    (docs / "gallery.md").write_text(gallery_page(dashboards), encoding="utf-8")
    named = {
        picture_name(one.slug, place, language) for one in dashboards for place, _ in one.tabs for language in LOCALES
    }
    for path in (docs / PICTURES).glob("*.webp"):
        if path.name not in named:
            path.unlink()


def picture_name(slug: str, place: str, language: str) -> str:
    """The file of one tab in one language; `place` is `2-1` for the first tab inside the second one."""
    return f"{'-'.join(filter(None, [slug, place]))}.{language}.webp"


def picture_of(page: Page) -> bytes:
    """What is on the screen, as WebP: a third of a PNG's size, and Chromium makes it itself."""
    session = page.context.new_cdp_session(page)
    screen = page.viewport_size or DESKTOP
    clip = {"x": 0, "y": 0, **screen, "scale": SCALE}
    answer = session.send("Page.captureScreenshot", {"format": "webp", "quality": WEBP_QUALITY, "clip": clip})
    session.detach()
    return base64.b64decode(answer["data"])


def gallery_page(dashboards: Sequence[Dashboard]) -> str:
    """The text of gallery.md: one section per dashboard, one row of two pictures per tab."""
    return "\n".join([HEAD, *map(_section, dashboards)])


def _section(one: Dashboard) -> str:
    rows = "\n".join(_row(one, place, name) for place, name in one.tabs)
    return f"## {one.title}\n\n{one.description}\n\n| 中文 | English |\n|---|---|\n{rows}\n"


def _row(one: Dashboard, place: str, name: str) -> str:
    files = [f"{PICTURES}/{picture_name(one.slug, place, language)}" for language in LOCALES]
    return "| " + " | ".join(f"![{name or one.title}]({file})" for file in files) + " |"
