"""What the ledger needs to know and keeps: which records have no answer yet and why, and its lines of every build."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table ops.unanswered (
        shop_id bigint not null references ops.shops (id) on delete cascade,
        stream text not null,
        record_key text not null,
        cause text not null check (cause in ('pending', 'forbidden', 'empty')),
        told_at timestamptz not null default now(),
        primary key (shop_id, stream, record_key)
    )
    """,
    "comment on table ops.unanswered is 'Records that were asked about and have no final answer, until they have one.'",
    "comment on column ops.unanswered.record_key is 'number that was asked about; empty = every record of the stream'",
    # day: null = its records have no time.
    """
    create table ops.ledger (
        shop_id bigint not null,
        day date,
        stream text not null,
        reported bigint,
        landed bigint not null,
        set_aside bigint not null,
        staged bigint,
        mart bigint,
        causes jsonb not null,
        explained bigint not null,
        unexplained bigint not null,
        counted_at timestamptz not null default now(),
        run_id text not null
    )
    """,
    "create unique index ledger_lines on ops.ledger (shop_id, stream, coalesce(day, '-infinity'))",
    "create index ledger_by_day on ops.ledger (day)",
    "comment on table ops.ledger is 'Lines of the conservation ledger, each as the last build that saw it left it.'",
    "comment on column ops.ledger.causes is 'cause of a difference → how many records it accounts for'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
