"""The few things that operators launch in this location.

Belongs here: job definitions. Each is safe to run again: what is stored already is not touched.
A backfill is a range or a set of cells of `ingest_orders`, launched from the UI or with the range tags of `names.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from dagster import (
    AssetMaterialization,
    AssetObservation,
    AssetSelection,
    Config,
    OpExecutionContext,
    define_asset_job,
    job,
    op,
)
from pydantic import Field

import connectors.sync
from connectors.errors import OmniError
from orchestration.busy import runs_under_way
from orchestration.failures import explained, failure_from_many, may_pass
from orchestration.fresh_marts import build_fresh_marts
from orchestration.ingest.assets.recount import COUNTS_KEY
from orchestration.ingest.dead_letters import replay_dead_letters
from orchestration.ingest.tidy import tidy_up
from orchestration.ingest.watch import watch_completeness
from orchestration.ingest.webhook_inbox import InboxReport, Refresh, process_inbox
from orchestration.names import (
    INGEST_ORDERS,
    INGEST_PRODUCTS,
    INGEST_REPORTS,
    LOAD_FILES,
    NAMED_ORDERS_STEP,
    NAMED_PRODUCTS_STEP,
    PRODUCTS_POOL,
    RECOUNT_ORDERS,
    REFRESH_DUE,
    REFRESH_ORDERS,
    REFRESH_PRODUCTS,
    WEBHOOKS_POOL,
)
from orchestration.raw_tables import FILE_TABLES, file_key, streams_by, tables_of, temu_key
from orchestration.resources import Warehouse


def _tables(partitioning: str, rhythm: str = "hourly") -> AssetSelection:
    streams = [stream for stream in streams_by(partitioning) if stream.rhythm == rhythm]
    return AssetSelection.assets(*(temu_key(table) for stream in streams for table in tables_of(stream)))


ingest_orders = define_asset_job(
    INGEST_ORDERS,
    selection=_tables("shop_day"),
    description=(
        "Orders, amounts, details, parcels, scans, after-sales and returns of all shops. "
        "Without partitions: what is new since the watermark. "
        "With cells of shop × day: these whole days again, watermark untouched."
    ),
)
ingest_products = define_asset_job(
    INGEST_PRODUCTS,
    selection=_tables("shop"),
    description="Products with price and stock, activities, cancellations, carriers and warehouses, of all shops.",
)
ingest_reports = define_asset_job(
    INGEST_REPORTS,
    selection=_tables("shop", "daily"),
    description="What moves once a day: ads, statement files, price orders, candidates, cross-border stock and sales.",
)
load_files = define_asset_job(
    LOAD_FILES,
    selection=AssetSelection.assets(*(file_key(table) for table in FILE_TABLES)),
    description="Every cost, rate, target, charge and settlement file that waits in the inbox.",
)


recount_orders = define_asset_job(
    RECOUNT_ORDERS,
    selection=AssetSelection.assets(COUNTS_KEY),
    description=(
        "Closed days counted by the platform itself; what is missing here is read again with its money. "
        "Without configuration: the last closed days of all shops."
    ),
)


class NamedRecord(Config):
    """An order or product of a shop."""

    mall_id: int
    number: str


class NamedRecords(Config):
    """What an operator or program asks for by number."""

    named: list[NamedRecord] = Field(default_factory=list, description="Empty = what waiting events name.")

    def by_shop(self) -> dict[int, list[str]]:
        """Numbers by mall id."""
        found: dict[int, list[str]] = {}
        for record in self.named:
            found.setdefault(record.mall_id, []).append(record.number)
        return found


@op(name=NAMED_ORDERS_STEP, pool=WEBHOOKS_POOL)
def refresh_named_orders(context: OpExecutionContext, config: NamedRecords, warehouse: Warehouse) -> None:
    """Read again the orders that are named, or else those that waiting events name, whose files are then put away."""
    url, settings = warehouse.database_url(), warehouse.settings()

    def refresh_shop(temu_shop_id: int, parent_order_sns: Sequence[str]) -> object:
        return connectors.sync.refresh_orders(
            url, settings=settings, temu_shop_id=temu_shop_id, parent_order_sns=parent_order_sns, run_id=context.run_id
        )

    with explained():
        if config.named:
            _refresh_named(context, warehouse, "orders", config, refresh_shop)
            return
        report = process_inbox(url, settings.webhook_inbox, refresh_shop, run_id=context.run_id)
        try:  # orders of other shops and files have landed, whatever happened to some
            if any(report.orders_refreshed.values()):
                _build_marts(context, warehouse)
        except OmniError as error:
            report.failures["marts"] = error
        _tell(context, report)


def _refresh_named(
    context: OpExecutionContext, warehouse: Warehouse, table: str, config: NamedRecords, refresh: Refresh
) -> None:
    """Shop by shop, then the marts, whatever happened to some: runs before this one may rely on it to build them."""
    failures = _refresh_shops(context, table, config.by_shop(), refresh)
    try:
        _build_marts(context, warehouse)
    except (OmniError, psycopg.Error) as error:
        failures["marts"] = error
    _fail_by_name("Not everything could be read again; all else is stored.", failures)


def _refresh_shops(
    context: OpExecutionContext, table: str, numbers: Mapping[int, Sequence[str]], refresh: Refresh
) -> dict[str, Exception]:
    """Read again what is named, by mall id; what went wrong, by shop: one in trouble stops no other."""
    failures: dict[str, Exception] = {}
    for temu_shop_id, names in numbers.items():
        try:
            _tell_refresh(context, table, refresh(temu_shop_id, names))
        except (OmniError, psycopg.Error) as error:
            failures[f"shop {temu_shop_id}"] = error
    return failures


def _fail_by_name(headline: str, failures: Mapping[str, Exception]) -> None:
    if failures:
        texts = {name: str(error) for name, error in failures.items()}
        raise failure_from_many(headline, texts, repeat=any(may_pass(error) for error in failures.values()))


def _build_marts(context: OpExecutionContext, warehouse: Warehouse) -> None:
    """Bring what was refreshed into the marts that people look at; the last run of a queue does it for all of them."""
    if runs_under_way(context.instance, context.job_name) > 1:
        context.log.info("the marts are left to the next run, which waits already")
        return
    for key in build_fresh_marts(warehouse):
        context.log_event(AssetMaterialization(key))


def _tell(context: OpExecutionContext, report: InboxReport) -> None:
    orders = sum(len(each) for each in report.orders_refreshed.values())
    summary = {"events_done": report.done, "events_repeated": report.repeated, "orders_refreshed": orders}
    context.log.info("%s events done, %s seen before, %s orders refreshed", report.done, report.repeated, orders)
    if orders:
        context.log_event(AssetObservation(temu_key("orders"), description="refreshed by webhook", metadata=summary))
    troubles = {**report.rejected, **{shop: str(error) for shop, error in report.failures.items()}}
    if troubles:
        raise failure_from_many(
            "Some events could not be used; all others are done.",
            troubles,
            repeat=any(may_pass(error) for error in report.failures.values()),
        )


@op(name=NAMED_PRODUCTS_STEP, pool=PRODUCTS_POOL)
def refresh_named_products(context: OpExecutionContext, config: NamedRecords, warehouse: Warehouse) -> None:
    """Read again the SKUs of the goods that are named."""
    url, settings = warehouse.database_url(), warehouse.settings()

    def refresh_shop(temu_shop_id: int, goods_ids: Sequence[str]) -> object:
        return connectors.sync.refresh_products(
            url, settings=settings, temu_shop_id=temu_shop_id, goods_ids=goods_ids, run_id=context.run_id
        )

    with explained():
        _refresh_named(context, warehouse, "products", config, refresh_shop)


def _tell_refresh(context: OpExecutionContext, table: str, told: object) -> None:
    for report in told if isinstance(told, list) else [told]:
        context.log.info(str(report))
        context.log_event(AssetObservation(temu_key(table), description=str(report)))


@op(pool=WEBHOOKS_POOL)
def refresh_orders_near_their_deadline(context: OpExecutionContext, warehouse: Warehouse) -> None:
    """Read again what has to be shipped within a day or delivered within the hour; a shop in trouble stops no other."""
    url, settings = warehouse.database_url(), warehouse.settings()
    with explained():
        shops = connectors.sync.chosen_shops(url, None)
        most = max(FEWEST_DUE_ORDERS, MOST_DUE_ORDERS // max(len(shops), 1))

        def visit(temu_shop_id: int, _nobody_named: Sequence[str]) -> object:
            return connectors.sync.watch_deadlines(
                url, settings=settings, temu_shop_id=temu_shop_id, run_id=context.run_id, most=most
            )

        failures = _refresh_shops(context, "orders", {shop.temu_shop_id: () for shop in shops}, visit)
        _fail_by_name("Some shops could not be asked; the next visit asks again.", failures)


MOST_DUE_ORDERS, FEWEST_DUE_ORDERS = 500, 20
"""Of all shops together, about 1,500 calls: a visit ends before the next one at the platform's first quota of 20 calls
a second. Shops share them evenly, so that the backlog of one hides no other's orders; each has some."""


@job(name=REFRESH_DUE, description="Orders to ship within a day and parcels promised within the hour, looked at again.")
def refresh_due_orders() -> None:
    """The ship-by watch."""
    refresh_orders_near_their_deadline()


@job(
    name=REFRESH_PRODUCTS,
    description="The products named in the run's configuration, with price and stock, into the marts.",
)
def refresh_products() -> None:
    """Some products, now."""
    refresh_named_products()


@job(name=REFRESH_ORDERS, description="The orders named by new webhook events, now instead of with the next tick.")
def refresh_orders() -> None:
    """One visit of the webhook inbox."""
    refresh_named_orders()


JOBS: list[Any] = [
    ingest_orders,
    ingest_products,
    ingest_reports,
    load_files,
    recount_orders,
    refresh_orders,
    refresh_products,
    refresh_due_orders,
    replay_dead_letters,
    watch_completeness,
    tidy_up,
]
