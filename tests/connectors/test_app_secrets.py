"""Which secrets verify an app's events: the present one, for a while the former one, and those of no inactive shop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from connectors.app_secrets import known_apps
from connectors.secrets import SecretBox
from connectors.shops import NewShop, ShopCredentials, add_shop, change_shop


@pytest.fixture
def conn(module_database_url) -> Iterator[psycopg.Connection]:
    """A connection whose work is rolled back."""
    with psycopg.connect(module_database_url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def box() -> SecretBox:
    return SecretBox(SecretStr(Fernet.generate_key().decode()))


def shop(number: int, secret: str, app_key: str = "app-1") -> NewShop:
    sealed = ShopCredentials(SecretStr(secret), SecretStr("token"))
    return NewShop(
        temu_shop_id=number, shop_name=f"Shop {number}", region="US", gateway="US", app_key=app_key, credentials=sealed
    )


def secrets_of(conn, box, app_key: str = "app-1") -> list[str]:
    return [secret.get_secret_value() for secret in known_apps(conn, box).secrets.get(app_key, ())]


def test_shops_of_one_app_share_its_secret_and_belong_to_no_other_app(conn, box):
    for one in (shop(1, "s1"), shop(2, "s1"), shop(3, "s2", "app-2")):
        add_shop(conn, box, one)
    apps = known_apps(conn, box)
    assert secrets_of(conn, box) == ["s1"]
    assert secrets_of(conn, box, "app-2") == ["s2"]
    assert apps.owns("app-1", 2)
    assert not apps.owns("app-1", 3)
    assert not apps.owns("app-1", 4)
    assert "s1" not in repr(apps)


def test_a_replaced_secret_stays_valid_beside_the_new_one_until_its_time_is_over(conn, box):
    add_shop(conn, box, shop(1, "old"))
    add_shop(conn, box, shop(1, "new"))
    add_shop(conn, box, replace(shop(1, "new"), shop_name="Renamed"))
    assert secrets_of(conn, box) == ["new", "old"]
    conn.execute("update ops.shop_credentials set former_app_secret_until = now() - interval '1 second'")
    assert secrets_of(conn, box) == ["new"]


def test_an_inactive_shop_verifies_nothing(conn, box):
    add_shop(conn, box, shop(1, "s1"))
    change_shop(conn, box, "1", {"is_active": False})
    assert known_apps(conn, box).shops == {}
    assert secrets_of(conn, box) == []


def test_a_secret_sealed_with_a_lost_key_is_named_and_blocks_nobody(conn, box):
    add_shop(conn, box, shop(1, "s1"))
    add_shop(conn, SecretBox(SecretStr(Fernet.generate_key().decode())), shop(2, "s9"))
    assert known_apps(conn, box).unreadable == ("Shop 2",)
    assert secrets_of(conn, box) == ["s1"]
