"""What the platform itself says about a closed day: how many parent orders it counts for a shop.

A row is the latest answer for a shop and a business day (Asia/Shanghai); NULLs have no place here, an unasked day has
no row.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table ops.platform_order_counts (
            shop_id bigint not null,
            order_date date not null,
            reported_orders integer not null check (reported_orders >= 0),
            counted_at timestamptz not null,
            run_id text not null,
            primary key (shop_id, order_date)
        )
        """
    )
