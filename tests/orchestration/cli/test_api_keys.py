"""Keys and shops from the shell: shown once, never listed, changed by name."""

from __future__ import annotations

import psycopg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from connectors.api_keys import find_key
from connectors.secrets import SecretBox
from connectors.shops import NewShop, ShopCredentials, add_shop, credentials, get_shop
from orchestration.cli.app import app

runner = CliRunner()


@pytest.fixture
def url(database_url, settings, monkeypatch) -> str:
    """The database that the commands use."""
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir))
    return database_url


def omni(*words: str, typed: str | None = None) -> str:
    result = runner.invoke(app, words, input=typed, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_key_is_made_listed_without_its_text_and_revoked_only_when_confirmed(url):
    text = omni("api-keys", "create", "--name", "nightly", "--role", "operator").split()[-1]
    with psycopg.connect(url) as conn:
        found = find_key(conn, text)
    assert found is not None
    assert (found.name, found.role) == ("nightly", "operator")
    listed = omni("api-keys", "list")
    assert found.prefix in listed
    assert text not in listed
    assert "would revoke" in omni("api-keys", "revoke", "nightly")
    with psycopg.connect(url) as conn:
        assert find_key(conn, text)
    omni("api-keys", "revoke", "nightly", "--yes")
    with psycopg.connect(url) as conn:
        assert find_key(conn, text) is None
    assert "revoked" in omni("api-keys", "list")


def test_a_shop_is_changed_stopped_and_started_by_name(url, settings):
    with psycopg.connect(url) as conn:
        sealed = ShopCredentials(SecretStr("canary-secret"), SecretStr("canary-token"))
        acme = NewShop(temu_shop_id=7, shop_name="Acme", region="US", gateway="US", app_key="k", credentials=sealed)
        add_shop(conn, SecretBox.open(settings), acme)
    told = omni("shops", "update", "Acme", "--name", "Acme US", "--new-token", typed="canary-token-2\n")
    told += omni("shops", "deactivate", "Acme US")
    assert "canary" not in told
    with psycopg.connect(url) as conn:
        shop = get_shop(conn, "Acme US")
        opened = credentials(conn, SecretBox.open(settings), shop.id)
    assert (shop.is_active, opened.access_token.get_secret_value()) == (False, "canary-token-2")
    assert opened.app_secret.get_secret_value() == "canary-secret"
    omni("shops", "activate", "7")
    with psycopg.connect(url) as conn:
        assert get_shop(conn, "7").is_active
