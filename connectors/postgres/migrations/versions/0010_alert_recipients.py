"""Who is told of alerts and gets reports: addresses by role, sealed, because a chat bot's address is its password."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table ops.alert_recipients (
            id bigint generated always as identity primary key,
            role text not null,
            subject text not null default '',
            channel text not null,
            target bytea not null,
            secret bytea not null,
            created_at timestamptz not null default now()
        )
        """
    )
