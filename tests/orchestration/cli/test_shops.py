"""`omni shops` as an operator types it."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from connectors.errors import ConfigurationError
from orchestration.cli.app import app
from tests.orchestration.registered import Registered


def omni(*words: str) -> str:
    result = CliRunner().invoke(app, ["shops", *words], env={"COLUMNS": "220"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return " ".join(result.output.split())


def test_a_grant_of_the_platform_is_stored_for_every_shop_of_its_app(registered: Registered) -> None:
    shop, others = registered.shops[0], registered.shops[1:]
    told = omni("quota", shop.shop_name, "--calls-per-second", "50")
    assert told.startswith("50 calls per second, shared by ")
    assert omni("quota", shop.shop_name) == told
    for other in others:
        assert (other.shop_name in told) == (other.app_key == shop.app_key)


def test_a_shop_that_is_known_is_changed_with_update_and_never_by_adding_it_again(registered: Registered) -> None:
    shop = registered.shops[0]
    before = registered.rows("select * from ops.shops order by id")
    words = ["--name", "Other", "--mall-id", str(shop.temu_shop_id), "--region", "US", "--app-key", "k"]
    with pytest.raises(ConfigurationError, match=f'is registered as "{shop.shop_name}" .* omni shops update'):
        omni("add", *words, "--app-secret", "s", "--access-token", "t")
    assert registered.rows("select * from ops.shops order by id") == before


def test_dialect_and_address_of_a_shop_are_changed_and_set_back(registered: Registered) -> None:
    shop = registered.shops[0]
    query = "select dialect, gateway_url from ops.shops where id = %s"
    omni("update", shop.shop_name, "--dialect", "rest", "--gateway-url", "http://127.0.0.1:9/US")
    assert registered.rows(query, shop.id) == [("rest", "http://127.0.0.1:9/US")]
    omni("update", shop.shop_name, "--entity", "Acme Ltd")
    assert registered.rows(query, shop.id) == [("rest", "http://127.0.0.1:9/US")]
    omni("update", shop.shop_name, "--dialect", "router", "--gateway-url", "")
    assert registered.rows(query, shop.id) == [("router", None)]
