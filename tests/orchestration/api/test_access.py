"""Who may do what, how often, and how a refusal looks: problem details, never more than the caller may know."""

from __future__ import annotations

import psycopg
import pytest
from structlog.testing import capture_logs

from connectors.api_keys import revoke_key
from orchestration.api.limits import RateLimit
from tests.orchestration.api.conftest import MALL

CALLS = {
    ("get", "/metrics"): "viewer",
    ("get", "/api/shops"): "viewer",
    ("get", f"/api/shops/{MALL}"): "viewer",
    ("get", "/api/sync/orders/status/00000000-0000-4000-8000-000000000001"): "viewer",
    ("get", "/api/sync/products/status/00000000-0000-4000-8000-000000000001"): "viewer",
    ("post", "/api/sync/orders"): "operator",
    ("post", "/api/sync/orders/PO-1"): "operator",
    ("post", "/api/sync/products"): "operator",
    ("post", "/api/sync/products/7"): "operator",
    ("post", f"/api/shops/{MALL}/check"): "operator",
    ("post", "/api/shops"): "admin",
    ("patch", f"/api/shops/{MALL}"): "admin",
    ("post", f"/api/shops/{MALL}/deactivate"): "admin",
    ("post", f"/api/shops/{MALL}/activate"): "admin",
}
ROLES = ("viewer", "operator", "admin")


@pytest.fixture(autouse=True)
def _no_platform(monkeypatch):
    monkeypatch.setattr("orchestration.api.shop_routes.check_shop", lambda *_a, **_k: None)


def test_every_path_of_the_control_api_is_in_this_table(client):
    paths = client.get("/api/openapi.json").json()["paths"]
    open_to_all = {"/api/webhook/temu", "/health", "/ready"}
    documented = {(method, path) for path, methods in paths.items() for method in methods if path not in open_to_all}
    assert len(documented) == len(CALLS)


def test_each_role_may_do_its_part_and_no_more(client, headers):
    for (method, path), needed in CALLS.items():
        for role in ROLES:
            status = client.request(method, path, headers=headers[role]).status_code
            assert (status == 403) == (ROLES.index(role) < ROLES.index(needed)), (method, path, role, status)
            assert status != 401


def test_without_a_key_nothing_is_told(client):
    for call in CALLS:
        for sent in ({}, {"Authorization": "Bearer omni_00000000_wrong"}, {"Authorization": "Basic x"}):
            answer = client.request(*call, headers=sent)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"


def test_a_revoked_key_ends_at_once(client, headers, shop_url):
    assert client.get("/api/shops", headers=headers["viewer"]).status_code == 200
    with psycopg.connect(shop_url) as conn:
        revoke_key(conn, "the viewer")
    assert client.get("/api/shops", headers=headers["viewer"]).status_code == 401


def test_each_key_has_a_rate_of_its_own(open_client, headers):
    client = open_client(api_calls_per_minute=3)
    answers = [client.get("/api/shops", headers=headers["viewer"]) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert client.get("/api/shops", headers=headers["admin"]).status_code == 200


def test_guessing_keys_is_limited_by_address(open_client):
    client = open_client(api_calls_per_minute=3)
    statuses = [
        client.get("/api/shops", headers={"Authorization": f"Bearer omni_{n:08d}_x"}).status_code for n in range(5)
    ]
    assert statuses == [401, 401, 401, 429, 429]


def test_guesses_do_not_reach_the_database_once_their_address_has_had_its_share(open_client, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr("orchestration.api.access.find_key", lambda _conn, text: asked.append(text))
    client = open_client(api_calls_per_minute=3)
    for text in ("no-key-at-all", "omni_00000001_x", "omni_00000002_x", "omni_00000003_x", "omni_00000004_x"):
        client.get("/api/shops", headers={"Authorization": f"Bearer {text}"})
    assert asked == ["omni_00000001_x", "omni_00000002_x"]


def test_who_showed_a_right_key_is_not_kept_out_by_guesses_from_the_same_address(open_client, headers):
    client = open_client(api_calls_per_minute=3)
    assert client.get("/api/shops", headers=headers["viewer"]).status_code == 200
    for n in range(5):
        client.get("/api/shops", headers={"Authorization": f"Bearer omni_{n:08d}_x"})
    assert client.get("/api/shops", headers=headers["viewer"]).status_code == 200


def test_a_bucket_refills_evenly():
    now = [0.0]
    limit = RateLimit(60, clock=lambda: now[0])
    assert [limit.take("a") for _ in range(60)] == [0.0] * 60
    assert limit.take("a") == pytest.approx(1.0)
    now[0] = 2.5
    assert [limit.take("a") for _ in range(2)] == [0.0, 0.0]
    assert limit.take("a") == pytest.approx(0.5)
    assert limit.take("b") == 0.0


def test_changes_leave_a_line_with_caller_and_target_and_looking_leaves_none(client, headers):
    with capture_logs() as lines:
        client.get("/api/shops", headers=headers["viewer"])
        client.post("/api/sync/orders/PO-7", headers=headers["operator"])
        client.patch(f"/api/shops/{MALL}", json={"app_secret": "canary-new-secret"}, headers=headers["admin"])
    audited = [line for line in lines if line["event"] == "audit"]
    assert [(line["caller"], line["role"], line["action"]) for line in audited] == [
        ("the operator", "operator", "sync orders"),
        ("the admin", "admin", "shop changed"),
    ]
    assert audited[0]["number"] == "PO-7"
    assert audited[1]["fields"] == ["app_secret"]
    assert "canary" not in str(lines)


def test_what_does_not_exist_is_a_problem_too(client):
    for method, path, status in (("get", "/x", 404), ("delete", "/api/shops", 405), ("get", "/api/webhook/temu", 405)):
        answer = client.request(method, path)
        assert answer.status_code == status == answer.json()["status"]
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"]


def test_a_bug_answers_without_its_words(client, headers, monkeypatch):
    def broken(*_args: object) -> None:
        raise RuntimeError("canary-detail")

    monkeypatch.setattr("orchestration.api.shop_routes.list_shops", broken)
    answer = client.get("/api/shops", headers=headers["viewer"])
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "canary" not in answer.text


def test_other_sites_are_not_let_in(client, headers):
    asked = {"Origin": "https://elsewhere.example", **headers["viewer"]}
    answer = client.get("/api/shops", headers=asked)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert client.options("/api/shops", headers=asked | {"Access-Control-Request-Method": "GET"}).status_code == 405


def test_large_bodies_are_refused_before_the_key_is_looked_at(client, headers):
    assert client.post("/api/shops", content=b"x" * 70_000, headers=headers["admin"]).status_code == 413


def test_health_needs_no_key_and_tells_nothing_of_shops(client):
    assert client.get("/health").json() == {"status": "ok", "door": "open", "refused": {}}
    assert client.get("/ready").status_code == 200
