"""Asset `ops/platform_counts`: closed days as the platform counts them, with the verdict on ours.

Belongs here: one cheap step for all shops and its check. Counting and mending is `connectors.sync.recount`.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    Config,
    MaterializeResult,
    MetadataValue,
    TableRecord,
    asset,
)
from pydantic import Field

from connectors.sync import DayCount, NotCounted, SyncFailure
from orchestration.failures import TRANSIENT_RETRIES, explained, failure_from_many, may_pass
from orchestration.names import ORDERS_POOL
from orchestration.raw_tables import OWNERS, ops_key, temu_key
from orchestration.resources import Warehouse

COUNTS_KEY = ops_key("platform_counts")
AGREES = "agrees_with_ours"


class RecountConfig(Config):
    """What an operator may narrow. Days are of Asia/Shanghai, ISO 8601; empty = the last closed ones."""

    shops: list[str] = Field(default_factory=list, description="Shop names or mall ids; empty = all active shops.")
    first_day: str = Field(default="", description="First day, such as 2026-11-01.")
    last_day: str = Field(default="", description="Last day, included.")
    mend: bool = Field(default=True, description="Read days that differ again, with money and detail.")


def build_recount_asset() -> AssetsDefinition:
    """The counting step; running it again asks again and changes nothing that is right."""

    @asset(
        key=COUNTS_KEY,
        deps=[temu_key("orders"), temu_key("after_sales")],
        check_specs=[
            AssetCheckSpec(
                AGREES,
                asset=COUNTS_KEY,
                description="Each closed day has the orders and cases that the platform counts.",
            )
        ],
        description="Orders and after-sales cases that the platform counts per shop and closed day (Asia/Shanghai).",
        group_name="ops",
        owners=OWNERS,
        kinds={"postgres", "python"},
        retry_policy=TRANSIENT_RETRIES,
        pool=ORDERS_POOL,
        metadata={"dagster/table_name": "ops.platform_counts"},
    )
    def platform_counts(
        context: AssetExecutionContext, config: RecountConfig, warehouse: Warehouse
    ) -> Iterator[MaterializeResult[None]]:
        with explained():
            outcomes = _count(context, config, warehouse)
        counts = [one for one in outcomes if isinstance(one, DayCount)]
        if counts:
            yield MaterializeResult(asset_key=COUNTS_KEY, metadata=_figures(counts), check_results=[verdict_on(counts)])
        failures = {one.shop_name: one for one in outcomes if isinstance(one, SyncFailure)}
        if failures:
            raise failure_from_many(
                "Some shops could not be counted; all others are.",
                {name: str(failure.error) for name, failure in failures.items()},
                repeat=any(may_pass(failure.error) for failure in failures.values()),
            )

    return platform_counts


def _count(
    context: AssetExecutionContext, config: RecountConfig, warehouse: Warehouse
) -> Sequence[DayCount | NotCounted | SyncFailure]:
    from connectors.sync import recount

    return recount(
        warehouse.database_url(),
        settings=warehouse.settings(),
        shops=config.shops or None,
        first=date.fromisoformat(config.first_day) if config.first_day else None,
        last=date.fromisoformat(config.last_day) if config.last_day else None,
        run_id=context.run.run_id,
        mend=config.mend,
        on_event=lambda event: context.log.info("%s", event),
    )


def verdict_on(counts: Sequence[DayCount]) -> AssetCheckResult:
    """Whether every difference has a cause; the table shows the days that differ or were mended."""
    strange = [one for one in counts if one.unexplained]
    shown = sorted((one for one in counts if one.gap or one.found), key=lambda one: (-one.unexplained, one.day))
    told = f"{len(counts)} days counted, {sum(one.found for one in counts)} records found again."
    return AssetCheckResult(
        asset_key=COUNTS_KEY,
        check_name=AGREES,
        passed=not strange,
        severity=AssetCheckSeverity.ERROR,
        description="; ".join(map(str, strange)) or told,
        metadata={"days": MetadataValue.table([_record(one) for one in shown[:100]])} if shown else {},
    )


def _record(one: DayCount) -> TableRecord:
    return TableRecord(
        {
            "shop": one.shop_name,
            "day": str(one.day),
            "stream": one.stream,
            "reported": one.reported,
            "landed": one.landed,
            "found": one.found,
            "set_aside": one.set_aside,
            "unexplained": one.unexplained,
        }
    )


def _figures(counts: Sequence[DayCount]) -> dict[str, int]:
    return {
        "days": len(counts),
        "reported": sum(one.reported for one in counts),
        "landed": sum(one.landed for one in counts),
        "found": sum(one.found for one in counts),
        "unexplained": sum(one.unexplained for one in counts),
    }
