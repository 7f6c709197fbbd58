"""Raw tables of goods, prices, stock, ads, statements, cross-border goods; a shop's second gateway and its dialect."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# table: (key columns after shop_id, typed columns)
RAW_TEMU: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "goods": ({"goods_id": "bigint"}, {"goods_code": "text"}),
    "supplier_prices": ({"sku_id": "bigint", "snapshot_date": "date"}, {}),
    "sku_stocks": ({"sku_id": "bigint", "snapshot_date": "date"}, {}),
    "price_orders": ({"price_order_id": "bigint"}, {"goods_id": "bigint", "status": "integer"}),
    "activity_candidates": ({"activity_id": "bigint", "goods_id": "bigint"}, {}),
    "ad_details": ({"goods_id": "bigint", "snapshot_date": "date"}, {"ad_status": "integer"}),
    "ad_reports": ({"report_date": "date"}, {}),
    "ad_goods_reports": ({"report_date": "date", "goods_id": "bigint"}, {}),
    "bill_files": (
        {"file_type": "text", "period_start": "date"},
        {"period_end": "date", "file_name": "text", "content": "bytea"},
    ),
    "partner_goods": ({"product_skc_id": "bigint"}, {"product_id": "bigint", "goods_code": "text"}),
    "partner_stocks": ({"product_skc_id": "bigint", "snapshot_date": "date"}, {}),
    "partner_prices": ({"product_sku_id": "bigint", "snapshot_date": "date"}, {}),
    "partner_sales": ({"product_skc_id": "bigint", "snapshot_date": "date"}, {}),
}

OPS: tuple[str, ...] = (
    # A cross-border seller keeps the goods of a shop on a second gateway, with an app and a token of their own.
    """
    create table ops.shop_gateways (
        shop_id bigint not null references ops.shops on delete cascade,
        gateway text not null check (gateway in ('PARTNER', 'CN')),
        gateway_url text,
        app_key text not null,
        app_secret bytea not null,
        access_token bytea not null,
        token_expires_at timestamptz,
        updated_at timestamptz not null default now(),
        primary key (shop_id, gateway)
    )
    """,
    # How the shop's gateway wants to be spoken to: the platform's router, or the simplified REST interface.
    "alter table ops.shops add column dialect text not null default 'router' check (dialect in ('router', 'rest'))",
)


def upgrade() -> None:
    compression = "compression lz4" if _server_knows_lz4() else ""
    for table, (key, columns) in RAW_TEMU.items():
        op.execute(_raw_temu_table(table, key, columns, compression))
    for statement in OPS:
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
