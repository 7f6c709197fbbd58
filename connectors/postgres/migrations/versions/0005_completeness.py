"""What proves that nothing is missing: where a set-aside record belongs, what a task left out, how late rows arrive."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    # entity: the raw table; context: what is known from the request and not from the payload, so that it can be
    # replayed; record_key: the key as text where the payload still shows it; resolution: how it was closed.
    """
    alter table ops.dead_letters
        add column entity text,
        add column record_key text,
        add column context jsonb not null default '{}',
        add column window_start timestamptz,
        add column window_end timestamptz,
        add column page integer,
        add column resolution text
    """,
    "create index dead_letters_open on ops.dead_letters (shop_id, entity) where resolved_at is null",
    """
    alter table ops.sync_tasks
        add column rows_not_ready integer not null default 0,
        add column skipped text,
        add column warning text,
        drop constraint sync_tasks_mode_check,
        add constraint sync_tasks_mode_check check (mode in ('live', 'window', 'refresh', 'recount', 'replay'))
    """,
    # Arrived rows by the seconds since the watermark had passed their update time (upper bound; 0 = on time).
    """
    create table ops.lateness (
        shop_id bigint not null,
        stream text not null,
        landed_on date not null,
        late_seconds integer not null check (late_seconds >= 0),
        arrived bigint not null check (arrived >= 0),
        primary key (shop_id, stream, landed_on, late_seconds)
    )
    """,
    # Recounts ask by the time of the order; rows arrive nearly in that order, so a block range index costs next to
    # nothing while loading.
    "create index orders_by_order_time on raw_temu.orders using brin (order_time) with (autosummarize = on)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
