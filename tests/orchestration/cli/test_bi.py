"""Who is mailed by Superset itself: the mailboxes that it was given, and it is written down which."""

from __future__ import annotations

import json
from collections.abc import Mapping

import psycopg
import pytest

from connectors.notices.recipients import add_recipient, list_recipients
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.cli import bi


@pytest.mark.parametrize(("broker", "known"), [("redis://localhost:6379/0", {"a@example.com"}), ("", set())])
def test_provisioning_gives_superset_the_mailboxes_where_a_broker_is(
    settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch, broker: str, known: set[str]
) -> None:
    monkeypatch.setenv("OMNI_SUPERSET_BROKER_URL", broker)
    given: list[Mapping[str, str]] = []
    monkeypatch.setattr(bi, "_run_provision", lambda environment, _tell: given.append(environment))
    box = SecretBox.open(settings)
    with psycopg.connect(database_url) as connection:
        for channel, target in (("mail", "a@example.com"), ("webhook", "https://bot.example/")):
            add_recipient(connection, box, role="finance", channel=channel, target=target, secret="", subject="")
    bi.provision_bi(settings, database_url)
    assert json.loads(given[0]["OMNI_BI_MAIL_RECIPIENTS"]) == ({"finance": ["a@example.com"]} if known else {})
    with psycopg.connect(database_url) as connection:
        found = list_recipients(connection, box)
    assert {one.shown for one in found if one.known_to_superset} == known
