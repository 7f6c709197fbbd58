"""Running totals for monitors: calls by their answer and duration, ended tasks, slots of an app key's quota by lane.

Counters must not grow dearer with history: whoever ends a task adds to a few rows here, in the same transaction.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATEMENTS = (
    "alter table ops.sync_tasks add column retries integer not null default 0",
    # Calls that took up to so many seconds and longer than the next smaller bound.
    """
    create table ops.call_totals (
        shop_id bigint not null,
        api_type text not null,
        code text not null,
        up_to_seconds double precision not null,
        calls bigint not null,
        seconds double precision not null,
        primary key (shop_id, api_type, code, up_to_seconds)
    ) with (fillfactor = 70)
    """,
    """
    create table ops.task_totals (
        shop_id bigint not null,
        stream text not null,
        mode text not null,
        status text not null,
        tasks bigint not null,
        seconds double precision not null,
        calls bigint not null,
        retries bigint not null,
        rows_read bigint not null,
        rows_inserted bigint not null,
        rows_updated bigint not null,
        rows_unchanged bigint not null,
        rows_dead_lettered bigint not null,
        rows_not_ready bigint not null,
        last_ended_at timestamptz not null,
        primary key (shop_id, stream, mode, status)
    ) with (fillfactor = 70)
    """,
    """
    insert into ops.task_totals
    select shop_id, stream, mode, status, count(*), coalesce(sum(extract(epoch from finished_at - started_at)), 0),
        sum(calls), 0, sum(rows_read), sum(rows_inserted), sum(rows_updated), sum(rows_unchanged),
        sum(rows_dead_lettered), sum(rows_not_ready), max(coalesce(finished_at, started_at))
    from ops.sync_tasks
    where status <> 'running'
    group by shop_id, stream, mode, status
    """,
    """
    alter table ops.app_quota
        add column lane_slots jsonb not null default '{}',
        add column throttled bigint not null default 0
    """,
    "comment on column ops.app_quota.lane_slots is 'lane → slots given out since ever'",
    "comment on column ops.app_quota.throttled is 'how often the platform said too frequent'",
    "create index sync_tasks_running on ops.sync_tasks (mode) where status = 'running'",
    "create index dead_letters_open_by_stream on ops.dead_letters (stream) where resolved_at is null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
