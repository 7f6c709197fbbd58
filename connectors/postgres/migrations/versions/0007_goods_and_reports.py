"""Raw tables of goods, prices, stock, ads, statements, cross-border goods; a shop's second gateway and its dialect."""

from alembic import op

from connectors.postgres.migrations.raw_tables import create_raw_temu

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
    create_raw_temu(RAW_TEMU)
    for statement in OPS:
        op.execute(statement)
