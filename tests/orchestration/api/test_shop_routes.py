"""Shops over HTTP: the rules of `omni shops`, and no secret in any answer."""

from __future__ import annotations

import psycopg
import pytest
from fastapi.testclient import TestClient

from connectors.api_keys import create_key
from connectors.secrets import SecretBox
from connectors.shops import credentials, get_shop
from connectors.sync import ShopCheck
from orchestration.api.app import build_app
from tests.orchestration.api.conftest import MALL
from tests.orchestration.conftest import CALLS_PER_SECOND

NEW = {
    "temu_shop_id": 634418000000009, "shop_name": "Harbor DE", "region": "DE", "gateway": "EU", "app_key": "app-9",
    "app_secret": "canary-secret-9", "access_token": "canary-token-9", "business_model": "semi",
}  # fmt: skip


def test_shops_are_listed_and_found_by_any_of_their_names_without_secrets(client, headers):
    [shop] = client.get("/api/shops", headers=headers["viewer"]).json()
    assert (shop["shop_name"], shop["temu_shop_id"], shop["is_active"]) == ("Acme US", MALL, True)
    for name in ("Acme US", MALL, shop["id"]):
        assert client.get(f"/api/shops/{name}", headers=headers["viewer"]).json() == shop
    assert client.get("/api/shops/nobody", headers=headers["viewer"]).status_code == 404
    assert "canary" not in str(shop)


def test_a_shop_is_created_once_with_sealed_secrets(client, headers, shop_url, settings):
    answer = client.post("/api/shops", json=NEW, headers=headers["admin"])
    assert answer.status_code == 201
    assert "canary" not in answer.text
    again = client.post("/api/shops", json=NEW, headers=headers["admin"])
    assert (again.status_code, again.json()["detail"]) == (
        409, 'mall 634418000000009 is registered as "Harbor DE"; change it with PATCH',
    )  # fmt: skip
    with psycopg.connect(shop_url) as conn:
        shop = get_shop(conn, "Harbor DE")
        assert (shop.gateway, shop.business_model) == ("EU", "semi")
        opened = credentials(conn, SecretBox.open(settings), shop.id)
        assert opened.access_token.get_secret_value() == "canary-token-9"
        assert "canary" not in str(conn.execute("select c::text from ops.shop_credentials c").fetchall())


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("region", "Atlantis", "choose one of"),
        ("timezone", "Mars/Base", "IANA"),
        ("shop_name", "Acme US", "another shop has the same name"),
    ],
)
def test_what_the_command_refuses_the_api_refuses_with_the_same_words(client, headers, field, value, words):
    answer = client.post("/api/shops", json=NEW | {field: value}, headers=headers["admin"])
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_invalid_fields_are_named_and_their_values_are_not_repeated(client, headers):
    answer = client.post(
        "/api/shops", json=NEW | {"temu_shop_id": "canary", "app_secret": ["canary"]}, headers=headers["admin"]
    )
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"body.temu_shop_id", "body.app_secret"}
    assert "canary" not in answer.text


def test_a_change_leaves_everything_else_and_a_shop_is_stopped_and_started(client, headers, shop_url, settings):
    url = f"/api/shops/{MALL}"
    before = client.get(url, headers=headers["viewer"]).json()
    changed = client.patch(url, json={"default_manager": "Li", "shop_name": None}, headers=headers["admin"]).json()
    assert changed == before | {"default_manager": "Li"}
    assert client.post(f"{url}/deactivate", headers=headers["admin"]).json()["is_active"] is False
    assert client.post(f"{url}/activate", headers=headers["admin"]).json()["is_active"] is True
    with psycopg.connect(shop_url) as conn:
        opened = credentials(conn, SecretBox.open(settings), before["id"])
    assert opened.access_token.get_secret_value() == "canary-access-token"


def test_a_shop_of_another_dialect_and_address_is_created_and_corrected_and_tells_the_end_of_its_token(
    client, headers, shop_url
):
    elsewhere = {"dialect": "rest", "gateway_url": "http://127.0.0.1:9/EU", "token_expires_at": "2027-01-31T00:00:00Z"}
    answer = client.post("/api/shops", json=NEW | elsewhere, headers=headers["admin"])
    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in elsewhere} == elsewhere
    url = "/api/shops/Harbor%20DE"
    assert client.get(url, headers=headers["viewer"]).json() == answer.json()
    official = {"dialect": "router", "gateway_url": None}
    changed = client.patch(url, json=official, headers=headers["admin"]).json()
    assert changed == answer.json() | official
    assert client.patch(url, json={"dialect": None}, headers=headers["admin"]).json()["dialect"] == "router"
    for wrong in ({"dialect": "soap"}, {"gateway_url": "ftp://host"}):
        assert client.patch(url, json=wrong, headers=headers["admin"]).status_code == 422


def test_a_check_asks_the_gateway_itself(registered, dagster):
    shop = registered.shops[0]
    with psycopg.connect(registered.url) as conn:
        key = create_key(conn, name="checker", role="operator")[1].get_secret_value()
    app = build_app(registered.settings, registered.url, dagster=dagster)
    with TestClient(app, headers={"Authorization": f"Bearer {key}"}) as client:
        told = client.post(f"/api/shops/{shop.temu_shop_id}/check").json()
    assert (told["is_well"], told["mall_id"], told["shop_name"]) == (True, shop.temu_shop_id, shop.shop_name)
    assert told["expires_at"] is not None
    assert abs(told["clock_skew_seconds"]) <= 2
    assert told["calls_per_second"] == CALLS_PER_SECOND


def test_a_check_tells_token_scopes_clock_and_quota(client, headers, monkeypatch):
    found = ShopCheck(
        shop_name="Acme US", is_well=False, message="mall answers", missing=("bg.order.amount.query",),
        absent=("bill_files",), clock_skew_seconds=-3, calls_per_second=20.0,
    )  # fmt: skip
    monkeypatch.setattr("orchestration.api.shop_routes.check_shop", lambda *_a, **_k: found)
    answer = client.post(f"/api/shops/{MALL}/check", headers=headers["operator"]).json()
    assert (answer["missing"], answer["absent"]) == (["bg.order.amount.query"], ["bill_files"])
    assert (answer["is_well"], answer["clock_skew_seconds"], answer["calls_per_second"]) == (False, -3, 20.0)
