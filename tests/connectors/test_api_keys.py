"""Keys of the control API: shown once, kept as a hash, found only while they are active."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from connectors.api_keys import create_key, find_key, list_keys, revoke_key
from connectors.errors import ConfigurationError


@pytest.fixture
def conn(module_database_url) -> Iterator[psycopg.Connection]:
    """A connection whose work is rolled back."""
    with psycopg.connect(module_database_url) as connection:
        yield connection
        connection.rollback()


def test_a_key_is_found_by_its_text_and_by_nothing_else(conn):
    made, text = create_key(conn, name="nightly", role="operator")
    other, _ = create_key(conn, name="wallboard", role="viewer")
    assert find_key(conn, text.get_secret_value()) == made
    secret = text.get_secret_value()
    for wrong in (
        "",
        "omni",
        f"omni_{made.prefix}_",
        secret[:-1],
        secret + "x",
        secret.replace(made.prefix, other.prefix),
    ):
        assert find_key(conn, wrong) is None


def test_the_database_never_sees_the_text(conn):
    _, text = create_key(conn, name="nightly", role="admin")
    row = str(conn.execute("select k::text, encode(key_hash, 'escape') from ops.api_keys k").fetchall())
    assert text.get_secret_value().split("_", 2)[2] not in row
    assert "*" in str(text)


def test_a_revoked_key_opens_nothing_and_its_name_is_free_again(conn):
    made, text = create_key(conn, name="nightly", role="viewer")
    with pytest.raises(ConfigurationError, match="revoke that key first"):
        create_key(conn, name="nightly", role="viewer")
    revoked = revoke_key(conn, "nightly")
    assert revoked.revoked_at is not None
    assert find_key(conn, text.get_secret_value()) is None
    assert revoke_key(conn, made.prefix) == revoked
    again, _ = create_key(conn, name="nightly", role="viewer")
    assert [one.id for one in list_keys(conn)] == [again.id, made.id]
    assert revoke_key(conn, "nightly").id == again.id


@pytest.mark.parametrize(("name", "role"), [("a", "owner"), ("", "viewer"), (" a", "viewer"), ("a\n", "viewer")])
def test_names_and_roles_are_checked(conn, name, role):
    with pytest.raises(ConfigurationError):
        create_key(conn, name=name, role=role)


def test_revoking_an_unknown_key_names_the_known_ones(conn):
    create_key(conn, name="nightly", role="viewer")
    with pytest.raises(ConfigurationError, match=r'known keys: "nightly"'):
        revoke_key(conn, "daily")
