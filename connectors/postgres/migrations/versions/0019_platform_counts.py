"""The platform's counts of closed days, of after-sales cases as of orders, and when a case was opened.

`ops.platform_order_counts` becomes `ops.platform_counts`. The time is read out of what has landed; a case
whose payload tells none that can be read has none.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Renamed, not made anew: the staging view of what was built before stays as it is.
    "alter table ops.platform_order_counts rename to platform_counts",
    "alter table ops.platform_counts rename column order_date to day",
    "alter table ops.platform_counts rename column reported_orders to reported",
    """
    alter table ops.platform_counts
        add column stream text not null default 'orders',
        drop constraint platform_order_counts_pkey,
        add primary key (shop_id, stream, day)
    """,
    "alter table ops.platform_counts alter column stream drop default",
    "comment on column ops.platform_counts.day is 'Asia/Shanghai, on which the records came into being'",
    "alter table raw_temu.after_sales add column created_at timestamptz",
    """
    update raw_temu.after_sales
    set created_at = to_timestamp(substring(payload ->> 'createAt' from '^\\d{10}$')::bigint)
    """,
    "create index after_sales_by_creation on raw_temu.after_sales (shop_id, created_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
