"""Ask Superset again what its dashboards asked lately, so that the first reader after a build does not wait.

Belongs here: the round of questions, kept by Superset in the data folder (superset/asked.py). A courtesy: when Superset
does not run there is nobody to warm, and the build is as good as before.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

import httpx

from connectors.secrets import local_secret
from connectors.settings import Settings

YOUNG_SECONDS = 7 * 86_400.0
BUDGET_SECONDS = 20.0
ADMIN = "admin"


def warm_answers(settings: Settings) -> str:
    """Ask the questions of the last week, newest first, for 20 s at most; says what was done. Never raises for what
    stands at Superset's address: nothing, or a login page in its place.
    """
    address = os.environ.get("OMNI_SUPERSET_INTERNAL_URL") or settings.superset_url
    questions = _questions(settings.data_dir / "superset" / "asked")
    if not address or not questions:
        return "no dashboard was opened lately"
    deadline, asked, failed = time.monotonic() + BUDGET_SECONDS, 0, 0
    try:
        with httpx.Client(base_url=address, timeout=30.0) as client:
            _log_in(client, local_secret(settings, "superset_admin_password").get_secret_value(), address)
            for question in questions:
                if time.monotonic() > deadline:
                    break
                headers = {"Content-Type": "application/json"}
                answer = client.post("/api/v1/chart/data", content=question, headers=headers)
                asked, failed = asked + 1, failed + (not answer.is_success)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError) as error:
        return f"Superset does not answer at {address}: {type(error).__name__}"
    return f"{asked} of {len(questions)} answers are warm again, {failed} questions are out of date"


def _questions(folder: Path) -> list[bytes]:
    """Questions younger than a week, newest first. Superset may take one away at any moment."""
    found: list[tuple[float, bytes]] = []
    for path in folder.glob("*.json"):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime, path.read_bytes()))
    oldest = time.time() - YOUNG_SECONDS
    return [body for age, body in sorted(found, reverse=True) if age > oldest]


def _log_in(client: httpx.Client, password: str, address: str) -> None:
    body = {"username": ADMIN, "password": password, "provider": "db", "refresh": False}
    token = client.post("/api/v1/security/login", json=body).raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    csrf = client.get("/api/v1/security/csrf_token/").raise_for_status().json()["result"]
    client.headers.update({"X-CSRFToken": csrf, "Referer": address})
