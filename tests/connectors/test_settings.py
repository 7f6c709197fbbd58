"""Settings: what can be configured, by which names, and that .env.example tells all of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from pydantic import SecretStr, ValidationError

from connectors.settings import PROJECT_ROOT, Settings
from connectors.shops import GATEWAYS

EXAMPLE = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")
DOCUMENTED = dict(re.findall(r"^# (OMNI_[A-Z_]+)=(.*)$", EXAMPLE, flags=re.MULTILINE))


def names_of_settings() -> dict[str, object]:
    return {f"OMNI_{name.upper()}": field.default for name, field in Settings.model_fields.items()}


def test_every_setting_is_in_the_example_file():
    assert set(names_of_settings()) <= set(DOCUMENTED)


@pytest.mark.parametrize(
    ("name", "default"), [(n, d) for n, d in names_of_settings().items() if isinstance(d, int | float)]
)
def test_the_example_file_shows_the_default(name, default):
    assert float(DOCUMENTED[name]) == default


def test_the_example_file_sets_nothing_by_itself():
    assert [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")] == []


def test_settings_come_from_the_environment_and_win_over_the_file(monkeypatch, tmp_path):
    file = tmp_path / ".env"
    file.write_text("OMNI_HISTORY_DAYS=10\nOMNI_OVERLAP_MINUTES=5\n", encoding="utf-8")
    monkeypatch.setenv("OMNI_HISTORY_DAYS", "20")
    settings = Settings(_env_file=file)
    assert (settings.history_days, settings.overlap) == (20, timedelta(minutes=5))


def test_an_impossible_setting_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("OMNI_REQUESTS_IN_FLIGHT", "0")
    with pytest.raises(ValidationError, match="requests_in_flight"):
        Settings(_env_file=None)


def test_secrets_do_not_show_when_settings_are_printed():
    settings = Settings(
        _env_file=None, database_url=SecretStr("postgresql://u:canary@h/d"), secret_keys=SecretStr("canary")
    )
    assert "canary" not in f"{settings!r} {settings}"


def test_each_gateway_may_have_a_proxy_of_its_own():
    given = {f"proxy_{gateway.lower()}": SecretStr(f"http://{gateway}:1") for gateway in GATEWAYS}
    settings = Settings(_env_file=None, **given)
    assert settings.proxies == {gateway: f"http://{gateway}:1" for gateway in GATEWAYS}


def test_the_inboxes_lie_in_the_data_folder(tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path)
    assert settings.webhook_inbox == tmp_path / "inbox" / "webhooks"
    assert settings.file_inbox == tmp_path / "inbox" / "files"
