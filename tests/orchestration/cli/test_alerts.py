"""`omni alerts recipients`: nobody is accepted who would never be told, and no secret has to be typed visibly."""

from __future__ import annotations

import psycopg
import pytest
from typer.testing import CliRunner, Result

from connectors.errors import ConfigurationError
from connectors.notices.recipients import Recipient, list_recipients, note_known_to_superset
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.alerts.rules import PERSONAL_ROLES, read_roles
from orchestration.cli.app import app
from orchestration.cli.bi_users import Role

BOT = ("--channel", "webhook", "--target", "https://bot.example/hook/key")


@pytest.fixture
def here(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The command line's own database and data folder."""
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir))
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into ops.shops (temu_shop_id, shop_name, region, gateway, app_key) values (8, 'B', 'US', 'US', 'k')"
        )
    return settings


def run(*words: str, typed: str = "\n") -> Result:
    return CliRunner().invoke(app, ["alerts", "recipients", *words], input=typed)


def kept(settings: Settings, url: str) -> list[Recipient]:
    with psycopg.connect(url) as connection:
        return list_recipients(connection, SecretBox.open(settings))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--role", "bookkeeper"), "nothing is told to bookkeeper.*finance, management.*shop-owner"),
        (("--role", "manager"), "own rows only"),
        (("--role", "shop-owner"), "own rows only"),
        (("--role", "shop-owner", "--subject", "nobody's"), "no shop has the name"),
        (("--role", "finance", "--subject", "kim"), "everybody's rows"),
    ],
)
def test_nobody_is_added_who_would_never_be_told(
    here: Settings, database_url: str, words: tuple[str, ...], told: str
) -> None:
    result = run("add", *words, *BOT)
    assert isinstance(result.exception, ConfigurationError)
    with pytest.raises(ConfigurationError, match=told):
        raise result.exception
    assert kept(here, database_url) == []


@pytest.mark.parametrize("shop", ["B", "8"], ids=["name", "mall id"])
def test_the_owner_of_a_shop_is_spelt_as_among_the_readers_and_told_of_that_shop(
    here: Settings, database_url: str, shop: str
) -> None:
    assert run("add", "--role", "shop-owner", "--subject", shop, *BOT).exit_code == 0
    with psycopg.connect(database_url) as connection:
        [(number,)] = connection.execute("select id::text from ops.shops").fetchall()
    [one] = kept(here, database_url)
    assert (one.role, one.subject) == ("shop_owner", number)
    assert "shop-owner" in run("list").output


def test_every_role_of_the_readers_can_be_told(here: Settings) -> None:
    assert {one.value.replace("-", "_") for one in Role} <= set(read_roles())
    assert set(PERSONAL_ROLES) <= set(read_roles())


def test_the_secret_of_a_bot_is_asked_for_and_not_shown(here: Settings, database_url: str) -> None:
    result = run("add", "--role", "data", *BOT, typed="hush-hush\n")
    assert result.exit_code == 0
    assert "Signing secret" in result.output
    assert "hush" not in result.output
    assert [one.secret.get_secret_value() for one in kept(here, database_url)] == ["hush-hush"]


def test_a_mailbox_has_no_secret_to_ask_for(here: Settings) -> None:
    result = run("add", "--role", "data", "--channel", "mail", "--target", "a@example.com", typed="")
    assert result.exit_code == 0
    assert "secret" not in result.output


def test_who_removes_a_mailbox_that_superset_knows_is_told_so(here: Settings, database_url: str) -> None:
    run("add", "--role", "data", "--channel", "mail", "--target", "a@example.com")
    [one] = kept(here, database_url)
    with psycopg.connect(database_url) as connection:
        note_known_to_superset(connection, [one.id])
    assert "omni provision" in run("remove", str(one.id)).output
    assert isinstance(run("remove", str(one.id)).exception, ConfigurationError)
