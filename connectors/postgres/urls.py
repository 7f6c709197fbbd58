"""Connection URLs: one database, several doors.

Belongs here: pure text work on libpq URLs. Opens no connection. A URL with its password is itself a secret, so errors
and logs show `without_password(url)` only.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.secrets import local_secret
from connectors.settings import Settings

BI_READER = "bi_reader"
FENCED_READERS = ("bi_operations", "bi_manager", "bi_shop_owner")
"""Readers who see views of the marts and not the marts: without costs, or only the rows of one person's scope."""
SUPERSET_KEEPER = "superset_keeper"
"""Who keeps Superset's own metadata and sees nothing else."""
_SCHEMES = {"postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"}


def libpq_url(url: str) -> str:
    """The same URL as libpq spells it: scheme `postgresql`, no driver. ConfigurationError for anything else."""
    scheme, separator, rest = url.strip().partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        raise ConfigurationError(
            "OMNI_DATABASE_URL is no PostgreSQL URL", remedy="write postgresql://user:password@host:5432/database"
        )
    return f"postgresql://{rest}"


def build_url(*, user: str, password: str, host: str, port: int, database: str) -> str:
    """A libpq URL; every odd character of the parts is percent-encoded."""
    return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{quote(database, safe='')}"


def without_password(url: str) -> str:
    """For messages: the URL with its password and its parameters left out."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, user.partition(":")[0] + at + host, parts.path, "", ""))


def with_database(url: str, database: str) -> str:
    """The same server and user, another database."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "/" + quote(database, safe=""), parts.query, ""))


def with_schema(url: str, schema: str) -> str:
    """The same database with `schema` as search path, in the spelling that libpq, psycopg2 and SQLAlchemy share."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    options = [value for key, value in query if key == "options"] + [f"-csearch_path={schema}"]
    kept = [(key, value) for key, value in query if key != "options"]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, _query([*kept, ("options", " ".join(options))]), ""))


def dagster_url(url: str) -> str:
    """Where Dagster keeps its runs and events: schema `dagster` of the same database."""
    return with_schema(url, "dagster")


def superset_url(url: str, settings: Settings) -> str:
    """Where Superset keeps its own metadata: schema `superset` of the same database, as a role that sees only this."""
    return with_schema(_as_role(url, SUPERSET_KEEPER, local_secret(settings, SUPERSET_KEEPER)), "superset")


def bi_reader_url(url: str, settings: Settings, role: str = BI_READER) -> str:
    """The same database as a read-only role; the password of all of them is the local secret that `migrate` gave them.

    They share it because one program alone knows it, Superset; what a reader may see is a matter of the role.
    """
    return _as_role(url, role, local_secret(settings, BI_READER))


def _as_role(url: str, role: str, secret: SecretStr) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    password = quote(secret.get_secret_value(), safe="")
    query = _query([pair for pair in parse_qsl(parts.query) if pair[0] not in ("user", "password")])
    return urlunsplit((parts.scheme, f"{role}:{password}@{host}", parts.path, query, ""))


def _query(pairs: list[tuple[str, str]]) -> str:
    # libpq does not read "+" as a space, so every character that is not plain is percent-encoded.
    return urlencode(pairs, quote_via=quote, safe="-")
