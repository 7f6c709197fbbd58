"""Lanes of an app key's quota: when each lane was served last, and which shops wait in it."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COMMENTS = {
    "lane_served": "lane → epoch seconds of its last reservation",
    "claims": "lane:shop → [slots so far, epoch seconds until which it counts as waiting]",
}


def upgrade() -> None:
    op.execute(
        """
        alter table ops.app_quota
            add column lane_served jsonb not null default '{}',
            add column claims jsonb not null default '{}'
        """
    )
    for column, comment in COMMENTS.items():
        op.execute(f"comment on column ops.app_quota.{column} is '{comment}'")
