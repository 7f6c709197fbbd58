"""The queue of the ship-by watch: open orders, each with the instant at which it is looked at again.

Until now each visit derived them from the payloads of sixty days, and knew from `ops.sync_logs` when it looked last.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table ops.due_orders (
        shop_id bigint not null references ops.shops (id) on delete cascade,
        parent_order_sn text not null,
        kind text not null check (kind in ('ship', 'deliver')),
        deadline timestamptz not null,
        due_at timestamptz,
        landed_at timestamptz not null,
        primary key (shop_id, parent_order_sn)
    )
    """,
    "create index due_orders_due_at on ops.due_orders (shop_id, due_at) where due_at is not null",
    "comment on table ops.due_orders is 'Orders to be shipped or delivered, and when each is looked at again.'",
    "comment on column ops.due_orders.due_at is 'null = looked at, nothing more to do before it changes'",
    "comment on column ops.due_orders.landed_at is 'loaded_at of the order as it was when it was queued'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
