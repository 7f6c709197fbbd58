"""Secrets at rest: the box that seals shop credentials, and the named secrets that omni invents for itself.

Belongs here: Fernet encryption of what goes into `ops.shop_credentials`, and the files below `<data_dir>/secrets`
(one secret per file, mode 0600, folder 0700). Does not belong here: which shop owns which secret (`connectors.shops`).

Rotation: the new key stands first, in OMNI_SECRET_KEYS or in the file, and the old ones behind it. Old values stay
readable, new ones are written with the first key, `SecretBox.rotate` rewrites one value, `connectors.sealed` all.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.settings import Settings

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_FERNET_FILE = "fernet_keys"


class SecretBox:
    """Seals and opens short texts with Fernet keys; the first key seals, every key opens."""

    __slots__ = ("_each", "_fernet")

    def __init__(self, keys: SecretStr) -> None:
        self._each = [_fernet(key) for key in _split(keys)]
        self._fernet = MultiFernet(self._each)

    @classmethod
    def open(cls, settings: Settings) -> SecretBox:
        """The box of OMNI_SECRET_KEYS, else of a key generated once in the data folder.

        Raises ConfigurationError when a key is not a Fernet key or the key file cannot be read.
        """
        if settings.secret_keys is not None:
            return cls(settings.secret_keys)
        return cls(_kept(settings, _FERNET_FILE, _new_key))

    def encrypt(self, text: str) -> bytes:
        """Seal `text` with the newest key."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, sealed: bytes) -> SecretStr:
        """Open what any of the keys sealed; ConfigurationError when none fits."""
        try:
            return SecretStr(self._fernet.decrypt(bytes(sealed)).decode())
        except InvalidToken:
            raise _wrong_keys() from None

    def rotate(self, sealed: bytes) -> bytes:
        """The same text sealed with the newest key; ConfigurationError when no key opens it."""
        try:
            return self._fernet.rotate(bytes(sealed))
        except InvalidToken:
            raise _wrong_keys() from None

    @property
    def size(self) -> int:
        """Number of keys."""
        return len(self._each)

    def key_of(self, sealed: bytes) -> int | None:
        """Position of the key that sealed this, 0 = the newest; None when no key opens it."""
        return next((place for place, one in enumerate(self._each) if _opens(one, bytes(sealed))), None)

    def __repr__(self) -> str:
        return "SecretBox(keys=hidden)"


def add_kept_key(settings: Settings) -> None:
    """Put a new key in front of those of the key file, which changes whole or not at all."""
    keys = _split(_kept(settings, _FERNET_FILE, _new_key))
    _replace(settings, _FERNET_FILE, ",".join([_new_key(), *keys]))


def drop_kept_keys(settings: Settings) -> None:
    """Leave only the newest key in the key file. Whatever an older one sealed is lost: re-seal it before."""
    _replace(settings, _FERNET_FILE, _split(_kept(settings, _FERNET_FILE, _new_key))[0])


def local_secret(settings: Settings, name: str) -> SecretStr:
    """The secret called `name`: generated at random the first time, kept in `<data_dir>/secrets/<name>` from then on.

    Concurrent first callers get the same value. Raises ConfigurationError when the file cannot be read or written.
    """
    return _kept(settings, name, lambda: secrets.token_urlsafe(24))


def secret_path(settings: Settings, name: str) -> Path:
    """Where `local_secret` keeps the secret called `name`; the file may not exist yet."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a secret: use a-z, 0-9, dot, dash and underscore")
    return settings.data_dir / "secrets" / name


def _new_key() -> str:
    return Fernet.generate_key().decode()


def _opens(key: Fernet, sealed: bytes) -> bool:
    try:
        key.decrypt(sealed)
    except InvalidToken:
        return False
    return True


def _kept(settings: Settings, name: str, generate: Callable[[], str]) -> SecretStr:
    path = secret_path(settings, name)
    try:
        if not path.exists():
            _write_once(path, generate())
        value = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(
            f"the secret {name!r} in {path.parent} cannot be used: {error.strerror}",
            remedy="run omni as the user who owns the data folder, or set OMNI_DATA_DIR to a folder of your own",
        ) from None
    if not value:
        raise ConfigurationError(f"the secret file {path} is empty", remedy="restore it from a backup, or delete it")
    return SecretStr(value)


def _write_once(path: Path, value: str) -> None:
    """Create the file whole or not at all; whoever comes second keeps the first one's value."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    if path.parent.stat().st_uid == os.geteuid():
        path.parent.chmod(0o700)
    scratch = _scratch(path, value)
    try:
        os.link(scratch, path)
    except FileExistsError:
        return
    finally:
        scratch.unlink()


def _replace(settings: Settings, name: str, value: str) -> None:
    """Give a kept secret another value; a reader sees the old one or the new one, after a power cut, too."""
    path = secret_path(settings, name)
    try:
        _scratch(path, value).replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # before the database holds anything that only the new value opens
        finally:
            os.close(folder)
    except OSError as error:
        raise ConfigurationError(
            f"the secret {name!r} in {path.parent} cannot be changed: {error.strerror}",
            remedy="run omni as the user who owns the data folder",
        ) from None


def _scratch(path: Path, value: str) -> Path:
    """The value on the disk beside `path`, under a name of its own."""
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Path(scratch)


def _split(keys: SecretStr) -> list[str]:
    found = [key.strip() for key in keys.get_secret_value().split(",") if key.strip()]
    if not found:
        raise ConfigurationError("OMNI_SECRET_KEYS holds no key", remedy=_KEY_REMEDY)
    return found


_KEY_REMEDY = (
    "give Fernet keys, newest first, comma separated; make one with "
    '`python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"`'
)


def _fernet(key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        # The library's own message is safe, but a chained exception would carry the key in its frame.
        raise ConfigurationError("a key in OMNI_SECRET_KEYS is not a Fernet key", remedy=_KEY_REMEDY) from None


def _wrong_keys() -> ConfigurationError:
    return ConfigurationError(
        "a stored credential was sealed with a key that is not among the present ones",
        remedy="put the former key behind the new one in OMNI_SECRET_KEYS, or add the shop again with its credentials",
    )
