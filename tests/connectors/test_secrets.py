"""Secrets stay secret, stay the same, and stay readable after a key was replaced."""

from __future__ import annotations

import logging
import os
import stat
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox, local_secret, secret_path
from connectors.settings import Settings

CANARY = "canary-7731-do-not-show"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    """Settings with an empty data folder and no keys."""
    return Settings(_env_file=None, data_dir=tmp_path / "data", secret_keys=None)


def _with_keys(settings: Settings, *keys: str) -> Settings:
    return settings.model_copy(update={"secret_keys": SecretStr(",".join(keys))})


@given(text=TEXTS)
def test_what_was_sealed_is_opened_unchanged(text):
    box = SecretBox(SecretStr(Fernet.generate_key().decode()))
    assert box.decrypt(box.encrypt(text)).get_secret_value() == text


def test_every_opening_without_configured_keys_uses_the_same_generated_key(kept):
    sealed = SecretBox.open(kept).encrypt("token")
    assert SecretBox.open(kept).decrypt(sealed).get_secret_value() == "token"


def test_a_database_driver_may_hand_the_sealed_bytes_over_as_memoryview(kept):
    box = SecretBox.open(kept)
    assert box.decrypt(memoryview(box.encrypt("token"))).get_secret_value() == "token"


def test_after_a_rotation_old_values_are_read_and_rewritten_with_the_new_key(kept):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = SecretBox.open(_with_keys(kept, old)).encrypt("token")
    both = SecretBox.open(_with_keys(kept, new, old))
    assert both.decrypt(sealed).get_secret_value() == "token"
    only_new = SecretBox.open(_with_keys(kept, new))
    assert only_new.decrypt(both.rotate(sealed)).get_secret_value() == "token"
    with pytest.raises(ConfigurationError, match="put the former key behind the new one"):
        only_new.decrypt(sealed)
    with pytest.raises(ConfigurationError, match="put the former key behind the new one"):
        only_new.rotate(sealed)


@pytest.mark.parametrize("keys", [CANARY, f"{CANARY}ö", " , ", "bm90IGxvbmcgZW5vdWdo"])
def test_a_bad_key_is_refused_without_being_shown(kept, keys):
    with pytest.raises(ConfigurationError, match="OMNI_SECRET_KEYS") as caught:
        SecretBox.open(_with_keys(kept, keys))
    shown = "".join(traceback.format_exception(caught.value))
    assert CANARY not in shown
    assert caught.value.__cause__ is None


def test_the_box_and_its_failures_show_no_key_and_no_text(kept, caplog):
    caplog.set_level(logging.DEBUG)
    key = Fernet.generate_key().decode()
    box = SecretBox.open(_with_keys(kept, key))
    opened = box.decrypt(box.encrypt(CANARY))
    with pytest.raises(ConfigurationError) as caught:
        box.decrypt(CANARY.encode())
    shown = f"{box} {box!r} {opened} {opened!r} {''.join(traceback.format_exception(caught.value))} {caplog.text}"
    assert CANARY not in shown
    assert key not in shown


def test_a_named_secret_is_long_random_and_kept(kept):
    first = local_secret(kept, "bi_reader")
    assert local_secret(kept, "bi_reader") == first
    assert local_secret(kept, "superset_admin") != first
    assert len(first.get_secret_value()) >= 32


def test_rivals_for_the_first_use_of_a_name_get_one_value(kept):
    with ThreadPoolExecutor(8) as pool:
        values = {value.get_secret_value() for value in pool.map(lambda _: local_secret(kept, "shared"), range(32))}
    assert len(values) == 1
    assert [path.name for path in (kept.data_dir / "secrets").iterdir()] == ["shared"]


def test_only_the_owner_reads_the_files_whatever_the_umask(kept):
    before = os.umask(0o000)
    try:
        local_secret(kept, "bi_reader")
        SecretBox.open(kept)
    finally:
        os.umask(before)
    folder = kept.data_dir / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_an_emptied_secret_file_is_told_and_not_replaced(kept):
    local_secret(kept, "bi_reader")
    secret_path(kept, "bi_reader").write_text("\n")
    with pytest.raises(ConfigurationError, match="is empty → restore it"):
        local_secret(kept, "bi_reader")


def test_an_unusable_data_folder_is_told_with_a_remedy(kept):
    kept.data_dir.write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match=r"cannot be used: .* set OMNI_DATA_DIR"):
        local_secret(kept, "bi_reader")


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b", ".hidden", "x" * 65])
def test_a_name_cannot_lead_out_of_the_folder(kept, name):
    with pytest.raises(ValueError, match="no name of a secret"):
        local_secret(kept, name)
