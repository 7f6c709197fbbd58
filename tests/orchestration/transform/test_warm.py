"""After a build the questions of the last days are asked again; a Superset that is not there is no failure."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from connectors.secrets import local_secret
from connectors.settings import Settings
from orchestration.transform.warm import YOUNG_SECONDS, warm_answers

ANSWERS: dict[str, object] = {
    "/api/v1/security/login": {"access_token": "t"},
    "/api/v1/security/csrf_token/": {"result": "c"},
    "/api/v1/chart/data": {"result": []},
}


@pytest.fixture
def superset() -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """An address that answers like Superset, and what it was asked: path, token, body."""
    heard: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard.append((self.path, self.headers.get("Authorization", ""), body))
            self.send_response(200)
            self.end_headers()
            answer = ANSWERS[self.path]
            self.wfile.write(answer.encode() if isinstance(answer, str) else json.dumps(answer).encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()
        thread.join()


@pytest.fixture
def asked(tmp_path: Path) -> Settings:
    """Two questions of today, the second newer, and one of last month."""
    folder = tmp_path / "superset" / "asked"
    folder.mkdir(parents=True)
    for name, age in (("first", 60.0), ("second", 1.0), ("old", YOUNG_SECONDS + 60)):
        path = folder / f"{name}.json"
        path.write_text(json.dumps({"question": name}))
        os.utime(path, (time.time() - age, time.time() - age))
    return Settings(_env_file=None, data_dir=tmp_path)


def test_the_newest_questions_are_asked_first_as_the_administrator(superset, asked: Settings) -> None:
    address, heard = superset
    said = warm_answers(asked.model_copy(update={"superset_url": address}))
    assert said == "2 of 2 answers are warm again, 0 questions are out of date"
    bodies = [
        json.loads(body)["question"] for path, token, body in heard if path.endswith("data") and token == "Bearer t"
    ]
    assert bodies == ["second", "first"]
    password = json.loads(heard[0][2])["password"]
    assert password == local_secret(asked, "superset_admin_password").get_secret_value()


def test_a_superset_that_is_not_there_is_told_and_nothing_more(asked: Settings) -> None:
    said = warm_answers(asked.model_copy(update={"superset_url": "http://127.0.0.1:9"}))
    assert said.startswith("Superset does not answer")


def test_a_login_page_in_its_place_is_told_and_nothing_more(superset, asked: Settings, monkeypatch) -> None:
    address, _ = superset
    for page in ("Please log in", [], {"error": "no"}):
        monkeypatch.setitem(ANSWERS, "/api/v1/security/login", page)
        said = warm_answers(asked.model_copy(update={"superset_url": address}))
        assert said.startswith("Superset does not answer")


def test_an_address_that_is_none_is_told_and_nothing_more(asked: Settings) -> None:
    said = warm_answers(asked.model_copy(update={"superset_url": "http://superset:port"}))
    assert said.startswith("Superset does not answer")


def test_without_questions_nobody_is_asked(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, superset_url="http://127.0.0.1:9")
    assert warm_answers(settings) == "no dashboard was opened lately"
