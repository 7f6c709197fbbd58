"""Open dashboards in headless Chromium as a reader would, and say what is wrong on the screen.

Belongs here: logging in, switching language, walking tabs, waiting for charts, pictures. Knows nothing of how the stack
was started: `open_every_dashboard` takes the address and the login of any running one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from playwright.sync_api import Browser, Page, sync_playwright

from connectors.settings import PROJECT_ROOT

ASSETS = PROJECT_ROOT / "superset" / "assets"

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHART = ".dashboard-component-chart-holder"
TAB_BAR = ".dashboard-component-tabs:visible"
LOADING = f"{CHART} [data-test='loading-indicator'], {CHART} .loading"
ERROR = ", ".join(
    f"{CHART} {mark}"
    for mark in ("[data-test='error-alert']", ".ant-alert-error", ".chart-error", ".missing-chart-container")
)
MAY_BE_EMPTY = {
    chart["slice_name"]
    for chart in map(yaml.safe_load, (one.read_text("utf-8") for one in (ASSETS / "charts").rglob("*.yaml")))
    if chart.get("may_be_empty")
}
EMPTY_WORDS = ("没有数据", "暂无数据", "没有结果", "无结果", "此查询没有数据返回", "No data", "No results")
CHART_TIMEOUT_MS = 90_000
LOGIN_ATTEMPTS = 3
LOGIN_POLLS = 40  # of half a second
SCREEN = {"width": 1440, "height": 900}


@dataclass
class Visit:
    """What was seen on one dashboard (or one of its tabs) in one language."""

    dashboard: str
    language: str
    tab: str
    picture: Path
    charts: int
    problems: list[str] = field(default_factory=list)


def find_chromium() -> str | None:
    """The browser of this machine: OMNI_CHROMIUM, else the first of the usual names on the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("OMNI_CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)


def open_every_dashboard(
    base_url: str, user: str, password: str, out_dir: Path, languages: tuple[str, ...] = ("zh", "en")
) -> list[Visit]:
    """Visit every tab of every published dashboard, keep one picture each, return what was seen, problems included.

    Raises:
        RuntimeError: no browser was found, the login failed, or no dashboard is published.
    """
    executable = find_chromium()
    if executable is None:
        raise RuntimeError("no Chromium found: install one, or name it in OMNI_CHROMIUM")
    out_dir.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        try:
            return [
                visit
                for language in languages
                for visit in _visit_all(browser, base_url, user, password, out_dir, language)
            ]
        finally:
            browser.close()


def _visit_all(browser: Browser, base_url: str, user: str, password: str, out_dir: Path, language: str) -> list[Visit]:
    locale = "zh-CN" if language == "zh" else "en-US"
    context = browser.new_context(viewport=SCREEN, locale=locale, timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.set_default_timeout(CHART_TIMEOUT_MS)
    log_in(page, base_url, user, password)
    page.goto(f"{base_url}/lang/{language}")
    slugs = published_dashboards(page, base_url)
    if not slugs:
        raise RuntimeError(f"{base_url} has no published dashboard")
    visits = [visit for slug in slugs for visit in visit_dashboard(page, base_url, slug, language, out_dir)]
    context.close()
    return visits


def log_in(page: Page, base_url: str, user: str, password: str) -> None:
    """Log in through the form, once more if the first form was sent before its page was ready.

    Raises:
        RuntimeError: the server does not know us afterwards.
    """
    for _ in range(LOGIN_ATTEMPTS):
        page.goto(f"{base_url}/login/", wait_until="networkidle")
        page.locator("[data-test='username-input'], input#username").first.fill(user)
        page.locator("[data-test='password-input'], input#password").first.fill(password)
        page.locator("[data-test='login-button'], input[type=submit]").first.click()
        if _is_known(page, base_url):
            return
    raise RuntimeError(f"{user} cannot log in at {base_url}; the page says: {page.inner_text('body')[:300]}")


def _is_known(page: Page, base_url: str) -> bool:
    """Whether the server knows us; the form's answer may take a while."""
    for _ in range(LOGIN_POLLS):
        if page.request.get(f"{base_url}/api/v1/me/").ok:
            page.wait_for_load_state("networkidle")
            return True
        page.wait_for_timeout(500)
    return False


def published_dashboards(page: Page, base_url: str) -> list[str]:
    """Slugs of the published dashboards, in alphabetical order."""
    answer = page.request.get(f"{base_url}/api/v1/dashboard/?q=(page_size:100)")
    if not answer.ok:
        raise RuntimeError(f"the list of dashboards was refused: HTTP {answer.status} {answer.text()[:300]}")
    return sorted(one["slug"] or str(one["id"]) for one in answer.json()["result"] if one["published"])


def visit_dashboard(page: Page, base_url: str, slug: str, language: str, out_dir: Path) -> list[Visit]:
    """Open a dashboard and each of its tabs, the inner ones too."""
    page.goto(f"{base_url}/superset/dashboard/{slug}/")
    page.locator(CHART).first.wait_for()
    visits: list[Visit] = []
    for place in open_each_tab(page, level=0):
        numbers = "".join(f"-{number}" for number, _ in place)
        title = "/".join(name for _, name in place)
        visits.append(look(page, slug, language, title, out_dir / f"{slug}{numbers}.{language}.png"))
    return visits


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


def look(page: Page, slug: str, language: str, tab: str, picture: Path) -> Visit:
    """Scroll through the page so that every chart is drawn, wait for all of them, take the picture, list problems."""
    height = page_height(page)
    page.set_viewport_size({"width": SCREEN["width"], "height": height})
    page.wait_for_function("selector => !document.querySelector(selector)", arg=LOADING, timeout=CHART_TIMEOUT_MS)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(_ALL_DRAWN, arg=CHART, timeout=CHART_TIMEOUT_MS)
    page.evaluate(_SETTLE)
    page.screenshot(path=str(picture))
    visit = Visit(slug, language, tab, picture, page.locator(f"{CHART}:visible").count(), problems_on(page))
    page.set_viewport_size(SCREEN)
    return visit


def page_height(page: Page) -> int:
    """Height that shows the whole dashboard at once: charts are drawn only when they come into view."""
    tallest = page.evaluate("Math.max(...[...document.querySelectorAll('*')].map(e => e.scrollHeight))")
    return min(max(int(tallest) + 120, SCREEN["height"]), 6000)


def problems_on(page: Page) -> list[str]:
    """Error messages, charts without data and charts without any content, each with the chart's title."""
    found = [f"error: {text.strip()}" for text in page.locator(ERROR).all_inner_texts()]
    for chart in page.locator(f"{CHART}:visible").all():
        text = chart.inner_text()
        title = (text.strip() or "?").splitlines()[0]
        if title not in MAY_BE_EMPTY and any(word in text for word in EMPTY_WORDS):
            found.append(f"empty chart: {title}")
    if page.locator(f"{CHART}:visible").count() == 0:
        found.append("no chart on the page")
    return found


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
