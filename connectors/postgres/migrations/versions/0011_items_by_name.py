"""When a record was last asked for by its number: found by shop and number."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index sync_logs_by_item on ops.sync_logs (shop_id, item_key, logged_at)")
