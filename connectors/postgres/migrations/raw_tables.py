"""The shape of a raw table of the platform, as revisions create it: one row per key, with the answer it came from.

Revisions are history: a new shape is a new function here, so that a fresh database goes the way the old ones went.
"""

from collections.abc import Mapping

from alembic import op

Columns = Mapping[str, str]
"""Name → SQL type."""


def create_raw_temu(tables: Mapping[str, tuple[Columns, Columns]]) -> None:
    """Create `raw_temu` tables within a revision; each name maps to its key columns after shop_id, then typed ones."""
    compression = "compression lz4" if _server_knows_lz4() else ""
    for table, (key, columns) in tables.items():
        op.execute(_raw_temu_table(table, key, columns, compression))


def _server_knows_lz4() -> bool:
    # Some builds leave lz4 out; pglz is then the server's own choice and only costs speed.
    query = "select 'lz4' = any(enumvals) from pg_settings where name = 'default_toast_compression'"
    return bool(op.get_bind().exec_driver_sql(query).scalar())


def _raw_temu_table(table: str, key: Columns, columns: Columns, compression: str) -> str:
    keys = "".join(f"{name} {kind} not null, " for name, kind in key.items())
    typed = "".join(f"{name} {kind}, " for name, kind in columns.items())
    return f"""
        create table raw_temu.{table} (
            shop_id bigint not null, {keys}{typed}
            source_updated_at timestamptz not null,
            payload jsonb {compression} not null,
            payload_hash bytea not null,
            loaded_at timestamptz not null default now(),
            run_id text not null,
            primary key (shop_id, {", ".join(key)})
        )
    """
