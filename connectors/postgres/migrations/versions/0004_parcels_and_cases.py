"""Raw tables of parcels on their way and of what happens after the sale: scans, cancellations, case lines, returns."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# table: (key columns after shop_id, typed columns)
RAW_TEMU: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "shipments": ({"order_sn": "text"}, {"parent_order_sn": "text"}),
    "tracking_events": ({"package_sn": "text"}, {"tracking_number": "text", "parent_order_sn": "text"}),
    "unshipped_packages": ({"package_sn": "text"}, {}),
    "carriers": ({"region_id": "integer", "carrier_id": "bigint"}, {"carrier_name": "text"}),
    "warehouses": ({"warehouse_id": "text"}, {}),
    "cancellations": ({"parent_after_sales_sn": "text"}, {"status": "smallint"}),
    "after_sales_lines": ({"after_sales_sn": "text"}, {"parent_after_sales_sn": "text", "status": "smallint"}),
    "return_parcels": ({"after_sales_sn": "text"}, {"parent_after_sales_sn": "text"}),
}

# How the reader finds what it has to ask for: parcels by the state of their order, case lines by their case.
INDEXES = (
    "create index shipments_by_update on raw_temu.shipments (shop_id, source_updated_at)",
    "create index shipments_by_parent on raw_temu.shipments (shop_id, parent_order_sn)",
    "create index after_sales_lines_by_case on raw_temu.after_sales_lines (shop_id, parent_after_sales_sn)",
)


def upgrade() -> None:
    compression = "compression lz4" if _server_knows_lz4() else ""
    for table, (key, columns) in RAW_TEMU.items():
        op.execute(_raw_temu_table(table, key, columns, compression))
    for statement in INDEXES:
        op.execute(statement)


def _server_knows_lz4() -> bool:
    # Some builds leave lz4 out; pglz is then the server's own choice and only costs speed.
    query = "select 'lz4' = any(enumvals) from pg_settings where name = 'default_toast_compression'"
    return bool(op.get_bind().exec_driver_sql(query).scalar())


def _raw_temu_table(table: str, key: dict[str, str], columns: dict[str, str], compression: str) -> str:
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
