"""Walk through dashboards as a reader would, and say what is wrong on the screen.

Belongs here: opening each tab, waiting until all charts are drawn, the texts on the screen, what is broken or empty.
Not here: what is done with it (gallery.py, tests).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml

from connectors.settings import PROJECT_ROOT
from orchestration.screens.browser import DESKTOP, PAGE_TIMEOUT_MS, published_dashboards

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHART_FILES = PROJECT_ROOT / "superset" / "assets" / "charts"
CHART = ".dashboard-component-chart-holder"
TAB_BAR = ".dashboard-component-tabs:visible"
LOADING = f"{CHART} [data-test='loading-indicator'], {CHART} .loading"
ERROR = ", ".join(
    f"{CHART} {mark}"
    for mark in ("[data-test='error-alert']", ".ant-alert-error", ".chart-error", ".missing-chart-container")
)
EMPTY_WORDS = (
    "没有数据",
    "暂无数据",
    "没有结果",
    "无结果",
    "此查询没有数据返回",
    "No data",
    "No results",
    "所选范围内没有记录",
    "Nothing to show",
)
HIGHEST = 6000  # pixels; a page that is longer is cut


@dataclass
class Visit:
    """What was seen on one tab of a dashboard: `place` are the numbers of the open tabs (`2-1`), `tab` their names."""

    dashboard: str
    place: str
    tab: str
    charts: int
    problems: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def stem(self) -> str:
        """A name for a file about this visit."""
        return "-".join(filter(None, [self.dashboard, self.place]))


def walk(page: Page, only: Sequence[str] = ()) -> Iterator[Visit]:
    """Visit every tab of every published dashboard, or of these; during a visit its whole page is on the screen."""
    for slug in only or published_dashboards(page):
        yield from visit_dashboard(page, slug)


def visit_dashboard(page: Page, slug: str) -> Iterator[Visit]:
    """Open a dashboard and each of its tabs, the inner ones too."""
    page.goto(f"/superset/dashboard/{slug}/")
    page.locator(CHART).first.wait_for()
    for place in open_each_tab(page, level=0):
        with whole_page(page):
            yield look(page, slug, place)


def open_each_tab(page: Page, level: int) -> Iterator[list[tuple[int, str]]]:
    """Click through the tabs from `level` inwards; yields the path of (number, name) that is open, once if no tabs."""
    names = tab_names(page, level)
    if not names:
        yield []
        return
    for index, name in enumerate(names):
        page.locator(TAB_BAR).nth(level).locator(".ant-tabs-nav").first.locator(".ant-tabs-tab").nth(index).click()
        for inner in open_each_tab(page, level + 1):
            yield [(index + 1, name), *inner]


def tab_names(page: Page, level: int) -> list[str]:
    """Names of the tabs of the visible tab bar number `level` (0 = outermost); empty when there is none."""
    bars = page.locator(TAB_BAR)
    if bars.count() <= level:
        return []
    names = bars.nth(level).locator(".ant-tabs-nav").first.locator(".ant-tabs-tab")
    return [text.strip() for text in names.all_inner_texts()]


@contextmanager
def whole_page(page: Page) -> Iterator[None]:
    """A screen as high as the page until the block ends, every chart drawn: they are drawn when they come into view."""
    screen = page.viewport_size or DESKTOP
    tallest = page.evaluate("Math.max(...[...document.querySelectorAll('*')].map(e => e.scrollHeight))")
    height = min(max(int(tallest) + 120, screen["height"]), HIGHEST)
    page.set_viewport_size({"width": screen["width"], "height": height})
    wait_until_drawn(page)
    yield
    page.set_viewport_size(screen)


def wait_until_drawn(page: Page) -> None:
    """Wait until every chart in view has its data and has ended its entry animation."""
    page.wait_for_function("selector => !document.querySelector(selector)", arg=LOADING, timeout=PAGE_TIMEOUT_MS)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(_ALL_DRAWN, arg=CHART, timeout=PAGE_TIMEOUT_MS)
    page.evaluate(_SETTLE)


def look(page: Page, slug: str, place: list[tuple[int, str]]) -> Visit:
    """What is on the screen now."""
    numbers, names = "-".join(str(number) for number, _ in place), [name for _, name in place]
    charts = page.locator(f"{CHART}:visible").count()
    return Visit(slug, numbers, " / ".join(names), charts, problems_on(page), texts_on(page))


def problems_on(page: Page) -> list[str]:
    """Error messages, charts without data and charts without any content, each with the chart's title."""
    found = [f"error: {text.strip()}" for text in page.locator(ERROR).all_inner_texts()]
    charts = page.locator(f"{CHART}:visible").all_inner_texts()
    for text in charts:
        title = (text.strip() or "?").splitlines()[0]
        if title not in may_be_empty() and any(word in text for word in EMPTY_WORDS):
            found.append(f"empty chart: {title}")
    return found if charts else [*found, "no chart on the page"]


def texts_on(page: Page) -> list[str]:
    """Every visible piece of text, hints and labels of pictures included, each once."""
    found: list[str] = page.evaluate(_TEXTS)
    return found


@lru_cache(maxsize=1)
def may_be_empty() -> frozenset[str]:
    """Titles of the charts that have nothing to show where all is well, as their files say."""
    charts = (yaml.safe_load(path.read_text("utf-8")) for path in CHART_FILES.rglob("*.yaml"))
    return frozenset(chart["slice_name"] for chart in charts if chart.get("may_be_empty"))


# A chart is drawn when its body holds a canvas, a picture, a table, or some text.
_ALL_DRAWN = """selector => [...document.querySelectorAll(selector)]
    .filter(holder => holder.offsetParent !== null)
    .every(holder => {
        const body = holder.querySelector('.chart-container, [data-test="chart-container"]');
        return !body || body.querySelector('canvas, svg, table') || body.innerText.trim().length > 0;
    })"""
# Two animation frames after the last chart's entry animation, measured by the page itself.
_SETTLE = """() => new Promise(done => {
    const end = performance.now() + 1500;
    const tick = now => now > end ? done() : requestAnimationFrame(tick);
    requestAnimationFrame(tick);
})"""
_TEXTS = """() => {
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        const text = walker.currentNode.textContent.trim();
        if (text && parent.checkVisibility() && !parent.closest('style, script, noscript')) found.add(text);
    }
    for (const one of document.querySelectorAll('[placeholder], [title]'))
        if (one.checkVisibility()) found.add((one.getAttribute('placeholder') || one.getAttribute('title')).trim());
    return [...found].filter(text => text);
}"""
