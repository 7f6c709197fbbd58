"""Addresses: which are taken, and what of them is shown."""

from __future__ import annotations

import psycopg
import pytest
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.notices.recipients import Recipient, add_recipient, list_recipients
from connectors.secrets import SecretBox
from connectors.settings import Settings


@pytest.mark.parametrize(
    ("channel", "target"),
    [
        ("mail", "books"),
        ("mail", "@example.com"),
        ("mail", "books@"),
        ("mail", "books@example.com, more@example.com"),
        ("mail", "books@example.com\nBcc: more@example.com"),
        ("webhook", "books@example.com"),
        ("webhook", "https://"),
        ("webhook", "ftp://bot.example/"),
        ("webhook", "https://bot.example:port/"),
    ],
)
def test_what_is_no_address_is_refused(channel: str, target: str, settings: Settings, database_url: str) -> None:
    box = SecretBox.open(settings)
    with psycopg.connect(database_url) as connection:
        with pytest.raises(ConfigurationError, match=f"no address for {channel}"):
            add_recipient(connection, box, role="data", channel=channel, target=target, secret="", subject="")
        assert list_recipients(connection, box) == []


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("https://bot.example/hook/abc-secret", "https://bot.example/hook/…"),
        ("https://bot.example:8443/hook?key=abc/secret", "https://bot.example:8443/…"),
        ("https://user:secret@bot.example/a/b", "https://bot.example/a/…"),
        ("https://bot.example", "https://bot.example/…"),
    ],
)
def test_an_address_is_shown_without_what_would_let_others_use_it(target: str, shown: str) -> None:
    assert Recipient(1, "data", "", "webhook", SecretStr(target), SecretStr("")).shown == shown
