"""Everything that lies sealed in the database, and its rotation to a new key.

Belongs here: the list of sealed columns, counting which key sealed what, re-sealing. Does not belong here: keys and
encryption (`connectors.secrets`), what the values are for.

Rotation never leaves a value that the present keys cannot open: first the new key joins the list (in front, so new
values use it), then every value is re-sealed in one transaction, and only when nothing needs the old keys any more are
they dropped. Whoever is killed in between leaves a list of keys that opens both; the next rotation finishes the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import psycopg
from psycopg import sql

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox, add_kept_key, drop_kept_keys
from connectors.settings import Settings

SEALED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "shop_credentials": ("app_secret", "access_token", "former_app_secret"),
        "shop_gateways": ("app_secret", "access_token"),
        "alert_recipients": ("target", "secret"),
    }
)
"""Table of `ops` → its sealed columns; a test compares them with the database."""
SETTLE_SECONDS = 2.0
"""Whoever has just read the keys has used them after so long."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """How many values of a column each key sealed, newest key first; `lost` = no present key opens them."""

    table: str
    column: str
    by_key: tuple[int, ...]
    lost: int

    @property
    def outdated(self) -> int:
        """Values that another key than the newest sealed."""
        return sum(self.by_key[1:])


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did, or would do: values re-sealed, and how many keys are not needed (any more).

    `is_kept`: the keys are in omni's own file, and those that are not needed are gone from it.
    """

    resealed: int
    idle_keys: int
    is_kept: bool


def sealed_values(conn: psycopg.Connection, box: SecretBox) -> list[SealedColumn]:
    """Which key sealed how many values, by table and column; no value is shown."""
    return [_count(conn, box, table, column) for table, columns in SEALED.items() for column in columns]


def rotate_keys(
    database_url: str, *, settings: Settings, dry_run: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Rotation:
    """Re-seal everything: with a new key of omni's own, or with the first of OMNI_SECRET_KEYS.

    Raises ConfigurationError naming the table when a value cannot be opened; nothing is changed then.
    """
    with psycopg.connect(database_url, autocommit=True) as conn:
        _be_the_only_one(conn)
        box = SecretBox.open(settings)
        before = sealed_values(conn, box)
        _refuse_lost(before)
        is_kept = settings.secret_keys is None
        if dry_run:
            values = sum(sum(one.by_key) if is_kept else one.outdated for one in before)
            return Rotation(values, box.size if is_kept else box.size - 1, is_kept)
        if is_kept:
            box = _with_new_key(settings, sleep)
        with conn.transaction():
            resealed = _reseal(conn, box)
        if is_kept:
            sleep(SETTLE_SECONDS)
            _refuse_latecomers(sealed_values(conn, box))
            drop_kept_keys(settings)
        return Rotation(resealed, box.size - 1, is_kept)


def _be_the_only_one(conn: psycopg.Connection) -> None:
    """Two rotations at once could each drop the key that the other is sealing with."""
    row = conn.execute("select pg_try_advisory_lock(hashtextextended('omni secrets rotate', 0))").fetchone()
    if not (row and row[0]):
        raise ConfigurationError("another rotation is at work", remedy="wait until it has ended")


def _with_new_key(settings: Settings, sleep: Callable[[float], None]) -> SecretBox:
    add_kept_key(settings)
    sleep(SETTLE_SECONDS)
    return SecretBox.open(settings)


def _count(conn: psycopg.Connection, box: SecretBox, table: str, column: str) -> SealedColumn:
    counts, lost = [0] * box.size, 0
    for (value,) in conn.execute(_select(table, column)).fetchall():
        place = box.key_of(value)
        if place is None:
            lost += 1
        else:
            counts[place] += 1
    return SealedColumn(table, column, tuple(counts), lost)


def _select(table: str, column: str) -> sql.Composed:
    name, field = sql.Identifier("ops", table), sql.Identifier(column)
    return sql.SQL("select {} from {} where {} is not null").format(field, name, field)


def _reseal(conn: psycopg.Connection, box: SecretBox) -> int:
    """Rewrite what another key than the newest sealed. Writers wait meanwhile, readers do not."""
    done = 0
    for table, columns in SEALED.items():
        name = sql.Identifier("ops", table)
        conn.execute(sql.SQL("lock table {} in share row exclusive mode").format(name))
        for column in columns:
            values = [value for (value,) in conn.execute(_select(table, column)).fetchall() if box.key_of(value) != 0]
            statement = sql.SQL("update {} set {} = %s where {} = %s").format(name, *[sql.Identifier(column)] * 2)
            conn.cursor().executemany(statement, [(box.rotate(value), value) for value in values])
            done += len(values)
    return done


def _refuse_lost(columns: list[SealedColumn]) -> None:
    lost = [f"{one.lost} in ops.{one.table}.{one.column}" for one in columns if one.lost]
    if lost:
        raise ConfigurationError(
            f"values were sealed with a key that is not among the present ones: {', '.join(lost)}; nothing was changed",
            remedy="put the former key behind the present one in OMNI_SECRET_KEYS, or enter those credentials again",
        )


def _refuse_latecomers(columns: list[SealedColumn]) -> None:
    late = [f"ops.{one.table}" for one in columns if one.outdated or one.lost]
    if late:
        raise ConfigurationError(
            f"somebody sealed with an old key meanwhile, in {', '.join(late)}; all keys are kept, nothing is lost",
            remedy="run omni secrets rotate again",
        )
