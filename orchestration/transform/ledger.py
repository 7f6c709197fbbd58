"""Asset `quality/ledger`: after each build, whether every record of the last weeks is accounted for.

Belongs here: the asset, its check and the table that people see. Counting is `ledger_counts`, keeping the lines is
`ledger_store`, the sums are `connectors.completeness.ledger`. An unexplained difference fails the check and stops
nothing: marts that were built are shown, with their gap.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    TableRecord,
    asset,
)

from connectors.completeness.days import business_day
from connectors.completeness.ledger import Entry, noteworthy, unbalanced
from orchestration.dbt_builds import folder_of
from orchestration.failures import TRANSIENT_RETRIES, explained
from orchestration.names import CHECKS_POOL
from orchestration.raw_tables import OWNERS, ops_key, temu_key
from orchestration.resources import Warehouse
from orchestration.transform.ledger_counts import read_ledger
from orchestration.transform.ledger_store import keep_ledger

LEDGER_KEY = AssetKey(["quality", "ledger"])
BALANCES = "every_record_is_accounted_for"
MART = AssetKey(["marts", "fct_order_lines_costed"])
MOST_ROWS = 200


def build_ledger_asset() -> AssetsDefinition:
    """The step that reads the ledger once the marts stand."""

    @asset(
        key=LEDGER_KEY,
        deps=[temu_key("orders"), ops_key("platform_counts"), MART],
        check_specs=[
            AssetCheckSpec(
                BALANCES,
                asset=LEDGER_KEY,
                description="Reported, landed, set aside, staged and in the marts: every difference has a named cause.",
            )
        ],
        description="Per shop, business day and stream: reported → landed → staged → mart, with the cause of each gap.",
        group_name="quality",
        owners=OWNERS,
        kinds={"postgres", "python"},
        retry_policy=TRANSIENT_RETRIES,
        pool=CHECKS_POOL,
    )
    def ledger(context: AssetExecutionContext, warehouse: Warehouse) -> Iterator[MaterializeResult[None]]:
        today = business_day(datetime.now(UTC))
        with explained():
            days = warehouse.settings().ledger_days
            # Two days ahead: the clock of a rehearsal gateway may run before ours.
            first, last = today - timedelta(days=days), today + timedelta(days=2)
            url, run_id = warehouse.database_url(), context.run.run_id
            entries = read_ledger(url, first=first, last=last)
            build = folder_of(warehouse.settings(), run_id)
            keep_ledger(url, entries, first=first, last=last, run_id=run_id, build=build)
        verdict = verdict_on(entries)
        if not verdict.passed:
            context.log.warning("%s", verdict.description)
        yield MaterializeResult(asset_key=LEDGER_KEY, metadata=_sums(entries), check_results=[verdict])

    return ledger


def verdict_on(entries: Sequence[Entry]) -> AssetCheckResult:
    """Whether all lines balance; the table shows those that differ, unexplained ones first."""
    bad, shown = unbalanced(entries), noteworthy(entries)[:MOST_ROWS]
    told = "; ".join(map(str, bad[:10])) + (f"; and {len(bad) - 10} more" if len(bad) > 10 else "")
    return AssetCheckResult(
        asset_key=LEDGER_KEY,
        check_name=BALANCES,
        passed=not bad,
        severity=AssetCheckSeverity.ERROR,
        description=told or f"{len(entries)} lines balance.",
        metadata={"lines": MetadataValue.table([_record(one) for one in shown])} if shown else {},
    )


def _record(one: Entry) -> TableRecord:
    return TableRecord(
        {
            "shop": one.shop_name,
            "day": str(one.day or ""),
            "stream": one.stream,
            "reported": _shown(one.reported),
            "landed": one.landed,
            "set_aside": one.set_aside,
            "staged": _shown(one.staged),
            "mart": _shown(one.mart),
            "causes": ", ".join(f"{share} {cause}" for cause, share in one.causes.items()),
            "unexplained": one.unexplained,
        }
    )


def _shown(count: int | None) -> str:
    return "" if count is None else str(count)


def _sums(entries: Sequence[Entry]) -> dict[str, int]:
    orders = [one for one in entries if one.stream == "orders"]
    return {
        "lines": len(entries),
        "reported_orders": sum(one.reported or 0 for one in orders),
        "landed_orders": sum(one.landed for one in orders),
        "staged_orders": sum(one.staged or 0 for one in orders),
        "mart_orders": sum(one.mart or 0 for one in orders),
        "explained": sum(sum(one.causes.values()) for one in entries),
        "unexplained": sum(one.unexplained for one in entries),
    }
