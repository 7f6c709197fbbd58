"""Names that people and other programs use for what Dagster runs here.

Belongs here: names of code locations, jobs, steps, tags and pools, paths of the door. No imports, so that anything may
read it. Does not belong here: what they do (`jobs.py`, `schedules.py`, `sensors.py` of each location).
"""

from __future__ import annotations

INGEST_LOCATION = "ingest"
TRANSFORM_LOCATION = "transform"

INGEST_ORDERS = "ingest_orders"
INGEST_PRODUCTS = "ingest_products"
INGEST_REPORTS = "ingest_reports"
REFRESH_ORDERS = "refresh_orders"
REFRESH_PRODUCTS = "refresh_products"
REFRESH_DUE = "refresh_due_orders"
LOAD_FILES = "load_files"
RECOUNT_ORDERS = "recount_orders"
REPLAY_DEAD_LETTERS = "replay_dead_letters"
WATCH_COMPLETENESS = "watch_completeness"
TIDY_UP = "tidy_up"
TELL_ALERTS = "tell_alerts"
BUILD_MARTS = "build_marts"
CHECK_RAW = "check_raw"
CHECK_LEDGER = "check_ledger"

WEBHOOK_PATH = "/api/webhook/temu"
HEALTH_PATH = "/health"

MODE_TAG = "omni/mode"
"""`live`: read on from the watermark and move it. Absent or `window`: read whole cells, leave the watermark alone."""
LIVE = "live"
WINDOW = "window"

QUOTE_TAG = "omni/expected"
"""What a backfill was expected to take and to change, one tag each: calls, rows, minutes, unknown_streams, marts."""

LANE_TAG = "omni/lane"
"""Which lane of the app key's quota a run uses; absent: live for news, backfill for cells."""

REQUEST_TAG = "omni/request"
"""What a program asked for through the API: equal requests have equal tags."""
REQUESTED_BY_TAG = "omni/requested_by"

RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
"""One run for a rectangle of cells; a cell of shop × day reads `2026-11-02|Shop name`."""

SHOPS_PARTITIONS = "shops"

SHOP_DAY_STEP = "raw_temu_by_shop_and_day"
SHOP_STEP = "raw_temu_by_shop"
NAMED_ORDERS_STEP = "refresh_named_orders"
NAMED_PRODUCTS_STEP = "refresh_named_products"

ORDERS_POOL = "temu_orders"
PRODUCTS_POOL = "temu_products"
FILES_POOL = "files"
WEBHOOKS_POOL = "webhooks"
MARTS_POOL = "marts"
CHECKS_POOL = "raw_checks"

LOCATION_OF_JOB = {
    INGEST_ORDERS: INGEST_LOCATION,
    INGEST_PRODUCTS: INGEST_LOCATION,
    INGEST_REPORTS: INGEST_LOCATION,
    REFRESH_ORDERS: INGEST_LOCATION,
    REFRESH_PRODUCTS: INGEST_LOCATION,
    REFRESH_DUE: INGEST_LOCATION,
    LOAD_FILES: INGEST_LOCATION,
    RECOUNT_ORDERS: INGEST_LOCATION,
    REPLAY_DEAD_LETTERS: INGEST_LOCATION,
    WATCH_COMPLETENESS: INGEST_LOCATION,
    TIDY_UP: INGEST_LOCATION,
    TELL_ALERTS: INGEST_LOCATION,
    BUILD_MARTS: TRANSFORM_LOCATION,
    CHECK_RAW: TRANSFORM_LOCATION,
    CHECK_LEDGER: TRANSFORM_LOCATION,
}
