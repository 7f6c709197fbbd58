"""Raw tables of parcels on their way and of what happens after the sale: scans, cancellations, case lines, returns."""

from alembic import op

from connectors.postgres.migrations.raw_tables import create_raw_temu

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
    create_raw_temu(RAW_TEMU)
    for statement in INDEXES:
        op.execute(statement)
