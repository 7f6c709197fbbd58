"""Rotation of keys: everything is re-sealed or nothing, and whoever is killed in between leaves it readable."""

from __future__ import annotations

import psycopg
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from connectors import sealed
from connectors.errors import ConfigurationError
from connectors.notices.recipients import add_recipient, list_recipients
from connectors.sealed import SEALED, rotate_keys, sealed_values
from connectors.secrets import SecretBox, secret_path
from connectors.shop_gateways import ShopGateway, add_gateway, gateways_of
from connectors.shops import NewShop, ShopCredentials, add_shop, credentials, list_shops

SECRETS = ["first-secret", "second-secret", "token", "partner-secret", "partner-token", "https://bot/x", "sign"]


@pytest.fixture
def own(settings):
    """Settings whose key file this test may change."""
    secret_path(settings, "fernet_keys").unlink(missing_ok=True)
    return settings


@pytest.fixture
def filled(database_url, own) -> str:
    """A shop whose app secret was replaced, its second gateway, and a recipient: every sealed column has a value."""
    box = SecretBox.open(own)
    with psycopg.connect(database_url) as conn:
        for secret in SECRETS[:2]:
            sealed_pair = ShopCredentials(SecretStr(secret), SecretStr(SECRETS[2]))
            shop = add_shop(conn, box, NewShop(
                temu_shop_id=7, shop_name="Acme", region="US", gateway="US", app_key="k", credentials=sealed_pair,
            ))  # fmt: skip
        partner = ShopCredentials(SecretStr(SECRETS[3]), SecretStr(SECRETS[4]))
        add_gateway(conn, box, shop, ShopGateway(gateway="PARTNER", app_key="p", credentials=partner))
        target, secret = SECRETS[5:]
        add_recipient(conn, box, role="finance", channel="feishu", target=target, secret=secret, subject="")
    return database_url


def opened(url: str, box: SecretBox) -> list[str]:
    """Every secret in clear, as the readers of each table see it."""
    with psycopg.connect(url) as conn:
        [shop] = list_shops(conn)
        [former] = conn.execute("select former_app_secret from ops.shop_credentials").fetchall()
        own, [partner], [bot] = (
            credentials(conn, box, shop.id),
            gateways_of(conn, box, shop.id),
            list_recipients(conn, box),
        )
    found = [box.decrypt(former[0]), own.app_secret, own.access_token]
    found += [partner.credentials.app_secret, partner.credentials.access_token, bot.target, bot.secret]
    return [one.get_secret_value() for one in found]


def keys(settings) -> list[str]:
    return secret_path(settings, "fernet_keys").read_text().strip().split(",")


def test_every_sealed_column_of_the_database_is_known_to_the_rotation(module_database_url):
    query = """
        select table_name, column_name from information_schema.columns
        where table_schema = 'ops' and data_type = 'bytea'
    """
    with psycopg.connect(module_database_url) as conn:
        found = set(conn.execute(query).fetchall())
    hashes = {(table, column) for table, column in found if column.endswith("_hash")}
    assert found - hashes == {(table, column) for table, columns in SEALED.items() for column in columns}


def test_after_a_rotation_only_the_new_key_opens_everything_and_only_it_is_kept(filled, own):
    old = keys(own)
    done = rotate_keys(filled, settings=own, sleep=lambda _: None)
    assert (done.resealed, done.idle_keys, done.is_kept) == (7, 1, True)
    [new] = keys(own)
    assert [new] != old
    assert opened(filled, SecretBox(SecretStr(new))) == SECRETS
    with psycopg.connect(filled) as conn:
        assert {one.lost for one in sealed_values(conn, SecretBox(SecretStr(old[0])))} == {1}


def test_a_dry_run_counts_and_changes_nothing(filled, own):
    before = keys(own)
    with psycopg.connect(filled) as conn:
        rows = conn.execute("select * from ops.shop_credentials").fetchall()
        done = rotate_keys(filled, settings=own, dry_run=True)
        assert (done.resealed, done.idle_keys) == (7, 1)
        assert conn.execute("select * from ops.shop_credentials").fetchall() == rows
    assert keys(own) == before


class Killed(BaseException):
    """Stands for a kill: nobody catches it."""


@pytest.mark.parametrize("moment", ["_reseal", "_refuse_latecomers", "drop_kept_keys"])
def test_a_kill_at_any_moment_leaves_everything_readable_and_the_next_rotation_finishes(
    filled, own, monkeypatch, moment
):
    def kill(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sealed, moment, kill)
        with pytest.raises(Killed):
            rotate_keys(filled, settings=own, sleep=lambda _: None)
    assert opened(filled, SecretBox.open(own)) == SECRETS
    assert len(keys(own)) == 2
    rotate_keys(filled, settings=own, sleep=lambda _: None)
    assert opened(filled, SecretBox.open(own)) == SECRETS
    assert len(keys(own)) == 1


def test_a_kill_between_two_columns_leaves_none_of_them_changed(filled, own):
    before = SecretBox.open(own)
    with psycopg.connect(filled) as conn:
        conn.execute("create function refuse() returns trigger language plpgsql as 'begin raise exception $$no$$; end'")
        conn.execute("create trigger refuse before update on ops.alert_recipients execute function refuse()")
    with pytest.raises(psycopg.errors.RaiseException):
        rotate_keys(filled, settings=own, sleep=lambda _: None)
    assert opened(filled, before) == SECRETS


def test_keys_of_the_environment_are_not_touched_and_those_to_remove_are_counted(filled, own):
    old, new = keys(own)[0], Fernet.generate_key().decode()
    given = own.model_copy(update={"secret_keys": SecretStr(f"{new},{old}")})
    with psycopg.connect(filled) as conn:
        assert {one.by_key for one in sealed_values(conn, SecretBox.open(given))} == {(0, 1)}
    done = rotate_keys(filled, settings=given, sleep=lambda _: None)
    assert (done.resealed, done.idle_keys, done.is_kept) == (7, 1, False)
    assert opened(filled, SecretBox(SecretStr(new))) == SECRETS
    assert rotate_keys(filled, settings=given, sleep=lambda _: None).resealed == 0


def test_values_of_a_lost_key_are_named_and_nothing_is_changed(filled, own):
    stranger = SecretBox(SecretStr(Fernet.generate_key().decode()))
    with psycopg.connect(filled) as conn:
        conn.execute("update ops.shop_gateways set access_token = %s", [stranger.encrypt("x")])
    before = keys(own)
    with pytest.raises(ConfigurationError, match=r"1 in ops\.shop_gateways\.access_token; nothing was changed"):
        rotate_keys(filled, settings=own, sleep=lambda _: None)
    assert keys(own) == before


def test_what_is_sealed_with_an_old_key_meanwhile_keeps_the_old_key(filled, own):
    def somebody_writes(_seconds: float) -> None:
        if len(keys(own)) == 2:
            with psycopg.connect(filled) as conn:
                conn.execute("update ops.alert_recipients set secret = %s", [late.encrypt("late")])

    late = SecretBox.open(own)
    naps = iter([lambda _: None, somebody_writes])
    with pytest.raises(ConfigurationError, match="all keys are kept"):
        rotate_keys(filled, settings=own, sleep=lambda seconds: next(naps)(seconds))
    assert opened(filled, SecretBox.open(own)) == [*SECRETS[:-1], "late"]


def test_two_rotations_at_once_are_one(filled, own):
    with psycopg.connect(filled) as conn:
        conn.execute("select pg_advisory_lock(hashtextextended('omni secrets rotate', 0))")
        with pytest.raises(ConfigurationError, match="another rotation is at work"):
            rotate_keys(filled, settings=own, sleep=lambda _: None)
