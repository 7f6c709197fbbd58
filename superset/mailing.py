"""Mail and pictures of Superset's own alerts, as settings: used only where a broker runs.

Belongs here: the mail server, and the browser that draws dashboards. Superset's Playwright path does not find a
distribution's Chromium, so Selenium drives it: the distribution's chromedriver knows its own browser.
"""

import shutil
from typing import Any
from urllib.parse import unquote, urlsplit

BROWSER_FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]


def mail_settings(smtp_url: str | None, sender: str) -> dict[str, Any]:
    """SMTP_* from one URL, as connectors/notices/mail.py reads it; empty without a mail server."""
    if not smtp_url:
        return {}
    parts = urlsplit(smtp_url)
    secure = parts.scheme == "smtps"
    return {
        "SMTP_HOST": parts.hostname or "localhost",
        "SMTP_PORT": parts.port or (465 if secure else 587),
        "SMTP_SSL": secure,
        "SMTP_STARTTLS": not secure,
        "SMTP_SSL_SERVER_AUTH": True,
        "SMTP_USER": unquote(parts.username or ""),
        "SMTP_PASSWORD": unquote(parts.password or ""),
        "SMTP_MAIL_FROM": sender,
    }


def browser_settings(internal_url: str, public_url: str) -> dict[str, Any]:
    """WEBDRIVER_*: `internal_url` is where the browser finds Superset, `public_url` what stands in letters."""
    service = {"executable_path": driver} if (driver := shutil.which("chromedriver")) else {}
    return {
        "WEBDRIVER_TYPE": "chrome",
        "WEBDRIVER_OPTION_ARGS": BROWSER_FLAGS,
        "WEBDRIVER_CONFIGURATION": {"options": {"capabilities": {}}, "service": service},
        "WEBDRIVER_BASEURL": f"{internal_url.rstrip('/')}/",
        "WEBDRIVER_BASEURL_USER_FRIENDLY": f"{public_url.rstrip('/')}/",
    }
