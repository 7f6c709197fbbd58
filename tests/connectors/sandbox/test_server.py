"""The process: ready line, HTTP face, commands, faults on the wire, a clean end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from connectors.sandbox.cli import app

LIST = "bg.order.list.v2.get"
NOW = 1795161600
ARGUMENTS = ["--days", "3", "--orders-per-day", "4", "--quota", "0", "--now", "2026-11-20T08:00:00Z"]
ROOT = Path(__file__).resolve().parents[3]


def start(folder: Path, *arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    command = [sys.executable, "-m", "connectors.sandbox", "serve", "--data-dir", str(folder), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str]:
    process.send_signal(number)
    _, errors = process.communicate(timeout=15)
    return process.returncode, errors


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "sandbox"


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    process, ready = start(folder, *ARGUMENTS)
    yield ready["url"]
    assert end(process) == (0, "")


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=10) as client:
        yield client
        client.put("/sandbox/faults", json=[])


def post(client: httpx.Client, seller: Any, **parameters: Any) -> httpx.Response:
    """A signed order-list call of the US shop, timestamped by the served clock."""
    now = client.get("/sandbox/clock").json()["now"]
    return client.post("/US/openapi/router", content=json.dumps(seller.body(LIST, timestamp=now, **parameters)))


def test_the_ready_line_names_the_process_and_is_kept_in_the_folder(tmp_path: Path) -> None:
    process, ready = start(tmp_path, "--days", "1", "--orders-per-day", "1")
    kept = json.loads((tmp_path / "gateway.json").read_text())
    code, errors = end(process, signal.SIGINT)
    assert ready == kept == {"url": ready["url"], "pid": process.pid}
    assert (code, errors) == (0, "")


def test_a_served_answer_carries_the_virtual_clock_and_status_200(client: httpx.Client, seller: Any) -> None:
    response = post(client, seller)
    assert response.status_code == 200
    assert response.json()["success"]
    shown = parsedate_to_datetime(response.headers["date"]).astimezone(UTC).timestamp()
    assert NOW <= shown < NOW + 120
    assert response.headers.get_list("date") == [response.headers["date"]]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/US/openapi/router"), ("POST", "/MOON/openapi/router"), ("POST", "/openapi/router")]
)
def test_other_methods_and_paths_are_404(client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 404


def test_the_shop_list_holds_what_registering_needs(client: httpx.Client, url: str) -> None:
    shops = client.get("/sandbox/shops").json()
    assert len(shops) == 4
    assert {shop["gateway"] for shop in shops} == {"US", "EU"}
    assert {shop["currency"] for shop in shops} == {"USD", "EUR", "GBP", "CNY"}
    for shop in shops:
        assert shop["gateway_url"] == f"{url}/{shop['gateway']}/openapi/router"
        assert (len(shop["app_key"]), len(shop["app_secret"]), len(shop["access_token"])) == (32, 40, 59)


def test_commands_change_the_world_and_mistakes_are_explained(client: httpx.Client, tmp_path: Path) -> None:
    before = client.get("/sandbox/clock").json()["now"]
    after = client.post("/sandbox/clock/advance", json={"seconds": 3600}).json()["now"]
    assert 3600 <= after - before < 3720
    client.post("/sandbox/files", json={"dir": str(tmp_path)}).raise_for_status()
    assert (tmp_path / "fx_rates.csv").exists()
    written = client.post("/sandbox/webhooks", json={"dir": str(tmp_path / "hooks"), "count": 3}).json()["files"]
    assert len(written) == 3
    assert client.get("/sandbox/truth/gmv").json()[0]["shop_name"] == "Harbor Home US"
    for path, body in (
        ("/sandbox/clock/advance", {"seconds": -1}),
        ("/sandbox/clock/advance", {}),
        ("/sandbox/files", {"dir": ""}),
        ("/sandbox/tokens", {"shop": "nobody"}),
    ):
        response = client.post(path, json=body)
        assert response.status_code == 400
        assert response.json()["error"]
    refused = client.put("/sandbox/faults", json=[{"kind": "earthquake"}])
    assert refused.status_code == 400
    assert "http_502_html" in refused.json()["error"]


def test_the_edge_answers_html_and_cut_bodies_when_told_to(client: httpx.Client, seller: Any) -> None:
    client.put("/sandbox/faults", json=[{"kind": "http_502_html", "count": 1}])
    response = post(client, seller)
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html")
    client.put("/sandbox/faults", json=[{"kind": "truncated_json", "count": 1}])
    with pytest.raises(json.JSONDecodeError):
        post(client, seller).json()
    assert post(client, seller).json()["success"]


def test_a_reset_connection_and_a_silent_server_are_real_ones(client: httpx.Client, seller: Any) -> None:
    client.put("/sandbox/faults", json=[{"kind": "connection_reset", "count": 1}])
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        post(client, seller)
    client.put("/sandbox/faults", json=[{"kind": "timeout", "count": 1, "seconds": 30}])
    now = client.get("/sandbox/clock").json()["now"]
    body = json.dumps(seller.body(LIST, timestamp=now))
    with pytest.raises(httpx.ReadTimeout):
        client.post("/US/openapi/router", content=body, timeout=0.3)


def test_a_slow_body_arrives_whole(client: httpx.Client, seller: Any) -> None:
    client.put("/sandbox/faults", json=[{"kind": "slow_body", "count": 1, "seconds": 0.2}])
    response = post(client, seller)
    assert response.json()["success"]
    assert response.elapsed.total_seconds() >= 0.15


def test_an_expired_token_can_be_commanded(client: httpx.Client, seller: Any) -> None:
    shop = {"shop": "Harbor Home US"}
    client.post("/sandbox/tokens", json=shop | {"expire": True})
    assert post(client, seller).json()["errorCode"] == 3000034
    client.post("/sandbox/tokens", json=shop | {"expire": False})
    assert post(client, seller).json()["success"]


def test_the_shell_commands_reach_the_running_gateway(url: str, folder: Path, tmp_path: Path) -> None:
    runner, place = CliRunner(), ["--data-dir", str(folder)]
    assert "clock shows 2026-11-2" in runner.invoke(app, ["advance", "1h", *place]).output
    assert "1 rules in force" in runner.invoke(app, ["faults", '{"kind": "throttle", "count": 0}', *place]).output
    assert "0 rules in force" in runner.invoke(app, ["faults", "--clear", *place]).output
    assert "fx_rates.csv" in runner.invoke(app, ["files", str(tmp_path), *place]).output
    wrong = runner.invoke(app, ["faults", '{"kind": "?"}', *place])
    assert wrong.exit_code == 1
    assert "drift" in wrong.output


def test_commands_without_a_gateway_say_how_to_start_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["advance", "1h", "--data-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "serve --data-dir" in result.output


@pytest.mark.parametrize(("span", "seconds"), [("1d", 86_400), ("6h30m", 23_400), ("1d12h", 129_600), ("45S", 45)])
def test_time_passes_by_a_span_in_the_folder_of_the_demo(url: str, folder: Path, client, span, seconds) -> None:
    before = client.get("/sandbox/clock").json()["now"]
    env = {"OMNI_DATA_DIR": str(folder.parent)}
    result = CliRunner().invoke(app, ["advance", span], env=env)
    assert result.exit_code == 0, result.output
    assert seconds <= client.get("/sandbox/clock").json()["now"] - before < seconds + 120


@pytest.mark.parametrize("span", ["", "0d", "1 day", "d", "-1h", "1.5d"])
def test_what_is_no_span_moves_nothing(url: str, folder: Path, span: str) -> None:
    result = CliRunner().invoke(app, ["advance", "--data-dir", str(folder), "--", span])
    assert result.exit_code == 2
    assert "1d12h" in " ".join(result.output.split())


@pytest.mark.parametrize("command", ["serve", "advance", "faults", "files"])
def test_help_shows_examples(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == 0
    assert "Example" in result.output


def test_a_time_without_zone_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["serve", "--now", "2026-11-20T08:00:00", "--data-dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "time zone" in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []
