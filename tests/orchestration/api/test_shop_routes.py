"""Shops over HTTP: the rules of `omni shops`, and no secret in any answer."""

from __future__ import annotations

import psycopg
import pytest

from connectors.secrets import SecretBox
from connectors.shops import credentials, get_shop
from connectors.sync import ShopCheck
from tests.orchestration.api.conftest import MALL

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
    assert client.post("/api/shops", json=NEW, headers=headers["admin"]).status_code == 409
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


def test_a_check_tells_token_scopes_clock_and_quota(client, headers, monkeypatch):
    found = ShopCheck(
        shop_name="Acme US", is_well=False, message="mall answers", missing=("bg.order.amount.query",),
        absent=("bill_files",), clock_skew_seconds=-3, calls_per_second=20.0,
    )  # fmt: skip
    monkeypatch.setattr("orchestration.api.shop_routes.check_shop", lambda *_a, **_k: found)
    answer = client.post(f"/api/shops/{MALL}/check", headers=headers["operator"]).json()
    assert (answer["missing"], answer["absent"]) == (["bg.order.amount.query"], ["bill_files"])
    assert (answer["is_well"], answer["clock_skew_seconds"], answer["calls_per_second"]) == (False, -3, 20.0)
