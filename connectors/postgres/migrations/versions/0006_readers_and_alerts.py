"""Whose rows a reader of the dashboards may see, and what was said about which alert.

`ops.bi_scopes`: a scope key stands for one reader's rows; it is derived from a secret, so nobody can make one up.
`ops.alert_states`: the last verdict on each alert; an alert that stays true is one alert, told again after its grace
period. `ops.alert_deliveries`: every message that was sent or could not be.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table ops.bi_scopes (
        scope_key text not null check (length(scope_key) >= 32),
        kind text not null check (kind in ('manager', 'shop')),
        value text not null,
        username text not null,
        updated_at timestamptz not null default now(),
        primary key (scope_key, kind, value)
    )
    """,
    """
    create table ops.alert_states (
        alert text not null,
        recipient text not null default '',
        state text not null check (state in ('quiet', 'firing', 'skipped', 'failed')),
        value numeric,
        message text,
        firing_since timestamptz,
        told_at timestamptz,
        checked_at timestamptz not null,
        primary key (alert, recipient)
    )
    """,
    """
    create table ops.alert_deliveries (
        id bigint generated always as identity primary key,
        name text not null,
        recipient text not null,
        channel text not null,
        delivered boolean not null,
        detail text,
        sent_at timestamptz not null default now()
    )
    """,
    "create index alert_deliveries_by_name on ops.alert_deliveries (name, sent_at desc)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
