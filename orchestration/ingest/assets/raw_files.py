"""Assets `raw_files/*`: the tables that people fill with files (costs, rates, targets, charges, settlements).

Belongs here: one step that imports the whole inbox and reports each table that received a file.
How a file becomes rows is `connectors.files`; a refused file is named at the end and never stops the others.
"""

from collections.abc import Iterator

from dagster import AssetExecutionContext, AssetsDefinition, AssetSpec, MaterializeResult, multi_asset

from orchestration.failures import TRANSIENT_RETRIES, explained, failure_from_many
from orchestration.names import FILES_POOL
from orchestration.raw_tables import FILE_TABLES, OWNERS, file_key
from orchestration.resources import Warehouse


def build_raw_files_assets() -> AssetsDefinition:
    """The importing step; running it again with the same files changes nothing."""

    @multi_asset(
        name="raw_files",
        specs=[_spec(table, description) for table, description in FILE_TABLES.items()],
        retry_policy=TRANSIENT_RETRIES,
        pool=FILES_POOL,
    )
    def import_files(context: AssetExecutionContext, warehouse: Warehouse) -> Iterator[MaterializeResult[None]]:
        with explained():
            yield from _import_inbox(context, warehouse)

    return import_files


def _spec(table: str, description: str) -> AssetSpec:
    return AssetSpec(
        file_key(table),
        description=description,
        skippable=True,
        group_name="raw_files",
        owners=OWNERS,
        kinds={"postgres", "csv", "excel"},
        metadata={"dagster/table_name": f"raw_files.{table}"},
    )


def _import_inbox(context: AssetExecutionContext, warehouse: Warehouse) -> Iterator[MaterializeResult[None]]:
    from connectors.files import ImportReport, import_inbox

    def tell(report: ImportReport) -> None:
        context.log.info("%s", report)

    settings = warehouse.settings()
    reports = import_inbox(warehouse.database_url(), settings=settings, run_id=context.run.run_id, on_event=tell)
    for table in FILE_TABLES:
        loaded = [report for report in reports if report.table == table and report.status == "completed"]
        if loaded:
            yield MaterializeResult(
                asset_key=file_key(table),
                metadata={
                    "files": ", ".join(report.file_name for report in loaded),
                    "rows_loaded": sum(report.rows_ok for report in loaded),
                    "rows_refused": sum(report.rows_rejected for report in loaded),
                },
            )
    refused = {report.file_name: report.message for report in reports if report.status == "failed"}
    if refused:
        raise failure_from_many("Some files could not be loaded; all others are stored.", refused, repeat=False)
