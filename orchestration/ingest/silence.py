"""Suspicious silence as a check: which live readings found nothing where history says otherwise.

Belongs here: the verdict over the latest readings. The judgement is made while reading (`connectors.sync.arrivals`) and
stands in the task row; a later reading that brings news takes the warning back.
"""

import psycopg
from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, MetadataValue, TableRecord

from orchestration.raw_tables import ops_key

TASKS_KEY = ops_key("sync_tasks")
NOT_SILENT = "no_shop_is_suspiciously_silent"
reads_are_not_silent = AssetCheckSpec(
    NOT_SILENT, asset=TASKS_KEY, description="No latest live reading was empty where the same hours usually bring rows."
)
_LATEST = """
    select s.shop_name, t.stream, t.warning, t.started_at
    from (
        select distinct on (shop_id, stream) * from ops.sync_tasks
        where mode = 'live' and status = 'completed' and started_at > now() - interval '7 days'
        order by shop_id, stream, started_at desc
    ) as t
    join ops.shops s on s.id = t.shop_id and s.is_active
    where t.warning is not null
    order by 1, 2
"""


def verdict_on_silence(url: str) -> AssetCheckResult:
    """Whether a warning stands at the latest live reading of any active shop and stream."""
    with psycopg.connect(url) as connection:
        silent = connection.execute(_LATEST).fetchall()
    rows = [
        TableRecord({"shop": shop, "stream": stream, "warning": warning, "read_at": f"{at:%Y-%m-%d %H:%M} UTC"})
        for shop, stream, warning, at in silent
    ]
    return AssetCheckResult(
        asset_key=TASKS_KEY,
        check_name=NOT_SILENT,
        passed=not silent,
        severity=AssetCheckSeverity.WARN,
        description="; ".join(row[2] for row in silent) or "every latest live reading agrees with history",
        metadata={"silent": MetadataValue.table(rows)} if rows else {},
    )
