"""Readers of dashboards, as locust plays them: each logs in once and opens dashboard after dashboard with filters.

Belongs here: what one reader sends and what is counted. A page is ready when all charts of its first screen have
answered; like a browser, a reader asks for six charts at a time. Importing this patches the sockets of the process.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from locust import HttpUser, task  # first: it patches what the others import
from locust.exception import StopUser

# isort: split
import gevent.pool
import requests

from benchmarks.bi.questions import Choice, asked_by_page, first_screen, laid_over

AT_A_TIME = 6  # connections of a browser to one host
UNSEEN = "(log in and read the pages)"
RANGES = ("Last 7 days", "Last 30 days", "Last 90 days")


@dataclass(frozen=True)
class Play:
    """What all readers of a run share. `shops` are the values of the shop filter, `visits` is per reader."""

    user: str
    password: str
    dashboards: Sequence[str]
    shops: Sequence[str]
    visits: int
    cold: bool


@dataclass(frozen=True)
class Page:
    """A dashboard as its own address describes it."""

    identity: int
    slug: str
    metadata: dict[str, Any]
    charts: dict[int, tuple[str, str]]
    """Charts of the first screen: id → title and saved question."""


class Reader(HttpUser):
    """One person. Which dashboards and filters come next is random, but the same in every run."""

    abstract = True
    play: ClassVar[Play]
    numbers: ClassVar[itertools.count[int]]

    def on_start(self) -> None:
        """Log in through the form and read what the dashboards consist of, which is counted as LOGIN."""
        self.chance = random.Random(next(self.numbers))  # noqa: S311 - which page comes next is no secret
        self.left = self.play.visits
        started = time.perf_counter()
        problem = self._log_in()
        self._count("LOGIN", "login", started, problem)
        if problem:
            raise StopUser
        self.pages = {slug: self._page(slug) for slug in self.play.dashboards}

    @task
    def open_a_dashboard(self) -> None:
        """One visit: the page and all charts of its first screen."""
        if not self.left:
            raise StopUser
        self.left -= 1
        page = self.pages[self.chance.choice(self.play.dashboards)]
        shops = self.chance.sample(list(self.play.shops), k=min(len(self.play.shops), self.chance.choice((0, 1, 2))))
        choice = Choice(self.chance.choice(RANGES), {"shop_name": shops} if shops else {})
        started = time.perf_counter()
        self.client.get(f"/superset/dashboard/{page.slug}/", name=page.slug)
        self.client.get(f"/api/v1/dashboard/{page.slug}", name=page.slug)
        pool = gevent.pool.Pool(AT_A_TIME)
        answers = pool.map(lambda chart: self._ask(page, chart, choice), page.charts)
        failed = answers.count(False)
        self._count("PAGE", page.slug, started, f"{failed} charts failed" if failed else "")

    def _ask(self, page: Page, chart: int, choice: Choice) -> bool:
        title, saved = page.charts[chart]
        conditions = laid_over(choice, page.metadata, chart)
        body = asked_by_page(saved, conditions, dashboard=page.identity, chart=chart, cold=self.play.cold)
        name = f"{page.slug} / {title}"
        headers = {"Content-Type": "application/json"}
        with self.client.post("/api/v1/chart/data", data=body, headers=headers, name=name, catch_response=True) as got:
            if got.status_code != 200:
                got.failure(f"HTTP {got.status_code} {(got.text or '')[:200]}")
            return got.status_code == 200

    def _log_in(self) -> str:
        """What went wrong; empty when the server knows us."""
        form = self.client.get("/login/", name=UNSEEN)
        hidden = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
        if hidden is None:
            return f"no login form: HTTP {form.status_code}"
        self.client.headers["Referer"] = str(self.host)
        body = {"username": self.play.user, "password": self.play.password, "csrf_token": hidden[1]}
        self.client.post("/login/", data=body, name=UNSEEN)
        token = self.client.get("/api/v1/security/csrf_token/", name=UNSEEN)
        if token.status_code != 200:
            return f"{self.play.user} was not let in: HTTP {token.status_code}"
        self.client.headers["X-CSRFToken"] = token.json()["result"]
        return ""

    def _page(self, slug: str) -> Page:
        """What the dashboard consists of, as its own address and those of its charts tell."""
        body = self.client.get(f"/api/v1/dashboard/{slug}", name=UNSEEN).json()["result"]
        shown = first_screen(json.loads(body["position_json"]))
        charts = {}
        for number in sorted(shown):
            chart = self.client.get(f"/api/v1/chart/{number}", name=UNSEEN).json()["result"]
            charts[number] = (chart["slice_name"], chart["query_context"])
        return Page(body["id"], slug, json.loads(body["json_metadata"]), charts)

    def _count(self, kind: str, name: str, started: float, problem: str) -> None:
        self.environment.events.request.fire(
            request_type=kind,
            name=name,
            response_time=(time.perf_counter() - started) * 1000,
            response_length=0,
            exception=RuntimeError(problem) if problem else None,
            context={},
        )


def look_around(url: str, user: str, password: str) -> tuple[list[str], list[str]]:
    """Slugs of the dashboards that this reader finds, and the values of their shop filter.

    Raises:
        SystemExit: the server cannot be reached or does not let them in.
    """
    with requests.Session() as session:
        body = {"username": user, "password": password, "provider": "db", "refresh": False}
        answer = session.post(f"{url}/api/v1/security/login", json=body, timeout=60)
        if answer.status_code != 200:
            raise SystemExit(f"{user} cannot log in at {url}: HTTP {answer.status_code} {answer.text[:200]}")
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        found = session.get(f"{url}/api/v1/dashboard/?q=(page_size:100)", timeout=60).json()["result"]
        slugs = sorted(one["slug"] for one in found if one["published"] and one["slug"])
        return slugs, _shops(session, url)


def _shops(session: requests.Session, url: str) -> list[str]:
    datasets = session.get(f"{url}/api/v1/dataset/?q=(page_size:200)", timeout=60).json()["result"]
    [number] = [one["id"] for one in datasets if one["table_name"] == "dim_shop"]
    query = {"columns": ["shop_name"], "metrics": [], "filters": [], "row_limit": 1000}
    body = {"datasource": {"id": number, "type": "table"}, "queries": [query], "result_format": "json"}
    session.headers["X-CSRFToken"] = session.get(f"{url}/api/v1/security/csrf_token/", timeout=60).json()["result"]
    session.headers["Referer"] = url
    answer = session.post(f"{url}/api/v1/chart/data", json=body | {"result_type": "full"}, timeout=60)
    return sorted({row["shop_name"] for row in answer.json()["result"][0]["data"]})
