"""Tokens that end soon as a check: which sellers have to authorise again within two weeks.

Belongs here: the verdict. When tokens end is noted by every reading (`connectors.token_expiry`).
"""

from datetime import UTC, datetime

import psycopg
from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, MetadataValue, TableRecord

from connectors.token_expiry import NOTICE, token_ends
from orchestration.ingest.silence import TASKS_KEY

ENDS_SOON = "no_access_token_ends_soon"
tokens_last = AssetCheckSpec(
    ENDS_SOON, asset=TASKS_KEY, description=f"No active shop's access token ends within {NOTICE.days} days."
)


def verdict_on_tokens(url: str) -> AssetCheckResult:
    """Whether every active shop may be read for two more weeks, as far as the platform has told."""
    now = datetime.now(UTC)
    with psycopg.connect(url) as connection:
        near = [one for one in token_ends(connection) if one.is_near(now)]
    rows = [
        TableRecord({"shop": one.shop_name, "gateway": one.gateway or "own", "ends": f"{one.expires_at:%Y-%m-%d} UTC"})
        for one in near
    ]
    return AssetCheckResult(
        asset_key=TASKS_KEY,
        check_name=ENDS_SOON,
        passed=not near,
        severity=AssetCheckSeverity.WARN,
        description="; ".join(one.words(now) for one in near) or "every known token is good for longer",
        metadata={"ending": MetadataValue.table(rows)} if rows else {},
    )
