"""Verdicts of data-quality checks, and the figures of closed months."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table ops.check_results (
        run_id text not null,
        check_name text not null,
        run_at timestamptz not null,
        layer text not null,
        entity text not null,
        severity text not null check (severity in ('E', 'W')),
        status text not null check (status in ('passed', 'failed', 'error', 'skipped')),
        failed_rows bigint,
        sample_keys jsonb not null default '[]',
        owner text not null,
        primary key (run_id, check_name)
    )
    """,
    "create index check_results_by_time on ops.check_results (run_at)",
    # What a month was worth for a shop when it was closed; nothing changes these rows afterwards.
    """
    create table ops.month_closings (
        month_start date not null check (month_start = date_trunc('month', month_start)),
        shop_id bigint not null,
        gmv_cny numeric(38, 2) not null,
        net_revenue_cny numeric(38, 2) not null,
        profit_cny numeric(38, 2) not null,
        closed_at timestamptz not null default now(),
        primary key (month_start, shop_id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
