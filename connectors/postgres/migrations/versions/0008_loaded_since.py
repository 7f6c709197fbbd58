"""Finding what landed since: block ranges by load time on the raw tables whose payloads are unpacked once per row."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("orders", "order_amounts", "order_versions")


def upgrade() -> None:
    for table in TABLES:
        op.execute(
            f"create index {table}_by_load on raw_temu.{table} using brin (loaded_at)"
            " with (pages_per_range = 16, autosummarize = on)"
        )
