"""Who was told of what: an alert or report that one of its recipients took is still owed to the others.

`ops.alert_told` takes the place of `alert_states.told_at`, which knew of all recipients or none. Whoever was told
before this migration is not told again within the grace period.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATEMENTS = (
    # The command line once took the spelling of `omni bi users`, of which no alert knew.
    "update ops.alert_recipients set role = replace(role, '-', '_')",
    """
    create table ops.alert_told (
        name text not null,
        subject text not null default '',
        recipient_id bigint not null references ops.alert_recipients (id) on delete cascade,
        told_at timestamptz not null,
        primary key (name, subject, recipient_id)
    )
    """,
    """
    insert into ops.alert_told (name, subject, recipient_id, told_at)
    select s.alert, s.recipient, r.id, s.told_at
    from ops.alert_states s cross join ops.alert_recipients r
    where s.told_at is not null
    """,
    """
    alter table ops.alert_states
        drop column told_at,
        add column is_owed boolean not null default false
    """,
    "comment on column ops.alert_states.is_owed is 'somebody could not be told: looked at again with the next round'",
    "alter table ops.alert_recipients add column known_to_superset boolean not null default false",
    "comment on column ops.alert_recipients.known_to_superset is 'Superset was given this mailbox for its own alerts'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
