"""A headless Chromium and a page that is logged in to Superset.

Belongs here: finding the browser, logging in, the language, the list of dashboards. What is on a page: walk.py.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.errors import ConfigurationError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGE_TIMEOUT_MS = 90_000
LOGIN_ATTEMPTS = 3
LOGIN_POLLS = 40  # of half a second
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
LOCALES = {"zh": "zh-CN", "en": "en-US"}


def find_chromium() -> str | None:
    """The browser of this machine: OMNI_CHROMIUM, else the first of the usual names on the PATH."""
    return os.environ.get("OMNI_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless Chromium until the block ends.

    Raises:
        ConfigurationError: Playwright or Chromium is missing; the remedy says how to install it.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Playwright, which drives the browser, is not installed", remedy="uv sync --group dev"
        ) from error
    executable = find_chromium()
    if executable is None:
        raise ConfigurationError(
            "no Chromium was found", remedy="install chromium, or name one in OMNI_CHROMIUM (a path)"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def reader_page(
    browser: Browser, base_url: str, user: str, password: str, *, language: str = "zh", screen: ViewportSize = DESKTOP
) -> Iterator[Page]:
    """A page of somebody who is logged in and reads in `language`; its session ends with the block."""
    context = browser.new_context(
        viewport=screen, locale=LOCALES[language], timezone_id="Asia/Shanghai", base_url=base_url
    )
    try:
        page = context.new_page()
        page.set_default_timeout(PAGE_TIMEOUT_MS)
        log_in(page, user, password)
        use_language(page, language)
        yield page
    finally:
        context.close()


def log_in(page: Page, user: str, password: str) -> None:
    """Log in through the form, once more if the first form was sent before its page was ready.

    Raises:
        ConfigurationError: the server does not know us afterwards.
    """
    for _ in range(LOGIN_ATTEMPTS):
        page.goto("/login/", wait_until="networkidle")
        page.locator("[data-test='username-input'], input#username").first.fill(user)
        page.locator("[data-test='password-input'], input#password").first.fill(password)
        page.locator("[data-test='login-button'], input[type=submit]").first.click()
        if _is_known(page):
            return
    raise ConfigurationError(
        f"{user} cannot log in at {page.url}; the page says: {page.inner_text('body')[:300]}",
        remedy="check the name and the password",
    )


def _is_known(page: Page) -> bool:
    """Whether the server knows us; the form's answer may take a while."""
    for _ in range(LOGIN_POLLS):
        if page.request.get("/api/v1/me/").ok:
            return True
        page.wait_for_timeout(500)
    return False


def use_language(page: Page, language: str) -> None:
    """From now on the session's pages are in this language (zh or en)."""
    page.request.get(f"/lang/{language}")


def published_dashboards(page: Page) -> list[str]:
    """Slugs of the published dashboards that this reader finds, in alphabetical order.

    Raises:
        ConfigurationError: the list was refused or is empty.
    """
    answer = page.request.get("/api/v1/dashboard/?q=(page_size:100)")
    found = answer.json()["result"] if answer.ok else []
    slugs = sorted(one["slug"] or str(one["id"]) for one in found if one["published"])
    if not slugs:
        raise ConfigurationError(
            f"no published dashboard: HTTP {answer.status} {answer.text()[:300]}", remedy="omni provision"
        )
    return slugs
