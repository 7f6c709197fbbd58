"""Reading cells from the gateway into a database: what is stored, what is reported, who is named on failure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from dagster import AssetKey, DagsterEventType, DagsterInstance, Definitions, ExecuteInProcessResult, RetryPolicy
from pydantic import SecretStr

from connectors.errors import ShopAuthError, TransientError
from connectors.records import Window
from connectors.secrets import SecretBox
from connectors.shops import NewShop, ShopCredentials, add_shop
from connectors.sync import StreamQuote, SyncFailure, SyncReport
from orchestration.expected import Expected
from orchestration.ingest import reading
from orchestration.ingest.assets.raw_temu import build_raw_temu_assets
from orchestration.ingest.definitions import build_defs
from orchestration.ingest.jobs import ingest_orders
from orchestration.names import (
    LIVE,
    MODE_TAG,
    QUOTE_TAG,
    RANGE_END_TAG,
    RANGE_START_TAG,
    SHOP_DAY_STEP,
    SHOPS_PARTITIONS,
)
from orchestration.resources import Warehouse
from tests.orchestration.conftest import PLAIN
from tests.orchestration.registered import Registered

TODAY = datetime.now(UTC).date()
FIRST, LAST = TODAY - timedelta(days=4), TODAY - timedelta(days=2)


def run(instance: DagsterInstance, job: str = "ingest_orders", **tags: str) -> ExecuteInProcessResult:
    named = {name.replace("__", "/"): value for name, value in tags.items()}
    return build_defs().resolve_job_def(job).execute_in_process(instance=instance, tags=named, raise_on_error=False)


def backfill(instance: DagsterInstance, names: Sequence[str]) -> ExecuteInProcessResult:
    tags = {RANGE_START_TAG: f"{FIRST}|{names[0]}", RANGE_END_TAG: f"{LAST}|{names[-1]}"}
    job = build_defs().resolve_job_def("ingest_orders")
    return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)


def cells(instance: DagsterInstance, table: str) -> set[str]:
    return set(instance.get_materialized_partitions(AssetKey(["raw_temu", table])))


def failure_text(result: ExecuteInProcessResult) -> str:
    data = next(event.step_failure_data for event in result.all_events if event.is_step_failure)
    return str(data.user_failure_data.description)


def content(registered: Registered, table: str) -> list[tuple[object, ...]]:
    return registered.rows(f"select * from raw_temu.{table} order by 1, 2")


def test_a_rectangle_of_shops_and_days_is_one_run_that_reports_each_cell(
    registered: Registered, instance: DagsterInstance
) -> None:
    result = backfill(instance, registered.names)
    assert result.success
    days = [FIRST + timedelta(days=number) for number in range(3)]
    expected = {f"{day}|{name}" for day in days for name in registered.names}
    for table in ("orders", "order_versions", "order_details", "after_sales", "after_sales_details"):
        assert cells(instance, table) == expected
    [(rows, oldest, newest)] = registered.rows(
        "select count(*), min(source_updated_at)::date, max(source_updated_at)::date from raw_temu.orders"
    )
    assert rows
    assert FIRST <= oldest <= newest <= LAST
    assert registered.rows("select * from ops.watermarks") == []


def skipped_tables(result: ExecuteInProcessResult) -> list[str]:
    seen = [event.asset_observation_data.asset_observation for event in result.get_asset_observation_events()]
    return [one.asset_key.path[-1] for one in seen if str(one.description).startswith("skipped")]


def test_a_stream_that_the_seller_did_not_grant_stays_empty_without_failing(
    registered: Registered, instance: DagsterInstance
) -> None:
    result = run(instance, omni__mode=LIVE)
    assert result.success
    assert set(skipped_tables(result)) == {"order_amounts", "tracking_events"}
    for table in set(skipped_tables(result)):
        granted = {cell.split("|")[1] for cell in cells(instance, table)}
        assert len(granted) == len(registered.names) - skipped_tables(result).count(table)


def test_a_backfill_answers_for_cells_that_the_seller_did_not_grant(
    registered: Registered, instance: DagsterInstance
) -> None:
    result = backfill(instance, registered.names)
    assert set(skipped_tables(result)) == {"order_amounts", "tracking_events"}
    assert cells(instance, "order_amounts") == cells(instance, "orders")
    records = instance.fetch_materializations(AssetKey(["raw_temu", "order_amounts"]), limit=100).records
    told = [record.asset_materialization.metadata for record in records if record.asset_materialization]
    assert sum("skipped" in metadata for metadata in told) == skipped_tables(result).count("order_amounts")


def test_a_backfill_answers_for_a_shop_whose_gateway_has_no_orders_and_nothing_failed_or_was_skipped(
    registered: Registered, instance: DagsterInstance, gateway_url: str
) -> None:
    offers = httpx.get(f"{gateway_url}/sandbox/shops", timeout=30).raise_for_status().json()
    offer = next(one for one in offers if one["partner"])
    goods_only = offer | next(one for one in offer["partner"] if one["gateway"] == "PARTNER")
    sealed = ShopCredentials(SecretStr(goods_only["app_secret"]), SecretStr(goods_only["access_token"]))
    with psycopg.connect(registered.url) as conn:
        plain = {name: goods_only[name] for name in PLAIN}
        add_shop(conn, SecretBox.open(registered.settings), NewShop(**plain, credentials=sealed))
    result = backfill(instance, [offer["shop_name"]])
    assert result.success
    assert skipped_tables(result) == []
    assert len(cells(instance, "orders")) == 3
    [newest, *_] = instance.fetch_materializations(AssetKey(["raw_temu", "orders"]), limit=1).records
    assert newest.asset_materialization.metadata["skipped"].value == "gateway PARTNER does not offer it"
    assert registered.rows("select count(*) from ops.sync_tasks") == [(0,)]


def test_running_a_backfill_again_changes_nothing(registered: Registered, instance: DagsterInstance) -> None:
    assert backfill(instance, registered.names).success
    before = {table: content(registered, table) for table in ("orders", "order_amounts", "after_sales")}
    assert backfill(instance, registered.names).success
    assert {table: content(registered, table) for table in before} == before


def expectation(instance: DagsterInstance, result: ExecuteInProcessResult) -> dict[str, str]:
    """The tags of a run that say what was expected of it, by their last word."""
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    return {name.rpartition("/")[2]: value for name, value in run.tags.items() if name.startswith(QUOTE_TAG)}


def test_a_first_backfill_carries_what_a_count_of_orders_tells_and_how_much_nobody_knows(
    registered: Registered, instance: DagsterInstance
) -> None:
    told = expectation(instance, backfill(instance, registered.names))
    [(orders,)] = registered.rows("select count(*) from raw_temu.orders")
    assert int(told["calls"]) > 0
    assert int(told["rows"]) >= orders > 0
    assert int(told["unknown_streams"]) > 0, "of parcels and cases a count of orders says nothing"


def test_a_backfill_carries_what_the_past_tells_of_all_its_windows_together(
    registered: Registered, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch, parsed_project: Path
) -> None:
    monkeypatch.setenv("OMNI_DBT_MANIFEST", str(parsed_project))
    result = backfill(instance, registered.names)
    [(calls, rows)] = registered.rows(
        "select sum(calls)::int, sum(rows_read)::int from ops.sync_tasks where run_id = %s and skipped is null",
        result.run_id,
    )
    name = registered.names[0]
    three_days = expectation(instance, backfill(instance, [name]))
    monkeypatch.setattr(reading.partitions, "windows_of", day_by_day)
    one_by_one = expectation(instance, backfill(instance, registered.names))
    assert abs(int(one_by_one["calls"]) - calls) <= 0.1 * calls
    assert abs(int(one_by_one["rows"]) - rows) <= 0.1 * rows
    assert int(three_days["rows"]) < int(one_by_one["rows"])
    assert float(one_by_one["minutes"]) >= 0
    assert {"fct_order_lines_costed", "mart_gmv_daily"} < set(one_by_one["marts"].split(", "))


def day_by_day(cells: Iterable[tuple[date, str]]) -> dict[Window, list[str]]:
    """Each day as a window of its own."""
    found: dict[Window, list[str]] = {}
    for day, shop in cells:
        found.setdefault(Window.of_day(day), []).append(shop)
    return found


def test_a_backfill_of_which_nothing_is_known_says_so() -> None:
    told = reading.tags_of(Expected.of([StreamQuote("Acme", "key", "orders", "unknown", None, None)]))
    assert (told["calls"], told["rows"], told["minutes"], told["unknown_streams"]) == ("unknown",) * 3 + ("1",)


def test_news_are_not_quoted(registered: Registered, instance: DagsterInstance) -> None:
    assert expectation(instance, run(instance, omni__mode=LIVE)) == {}


def test_progress_of_a_backfill_tells_when_it_is_over(
    registered: Registered,
    instance: DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("orchestration.expected.SECONDS_BETWEEN_WORDS", 0)
    assert backfill(instance, registered.names[:1]).success
    assert "minutes to go" in capfd.readouterr().err


def test_a_run_without_cells_is_live_and_moves_the_watermark(registered: Registered, instance: DagsterInstance) -> None:
    assert run(instance, omni__mode=LIVE).success
    watermarks = registered.rows("select distinct shop_id from ops.watermarks where stream = 'orders'")
    assert len(watermarks) == len(registered.shops)
    complete = {f"{TODAY - timedelta(days=number)}|{name}" for number in range(6) for name in registered.names}
    assert cells(instance, "orders") == complete


def test_a_shop_that_was_just_registered_is_read_before_any_sensor_saw_it(registered: Registered) -> None:
    with DagsterInstance.ephemeral() as unaware:
        assert run(unaware, "ingest_products").success
        assert unaware.get_dynamic_partitions(SHOPS_PARTITIONS) == registered.names


def test_products_are_reported_by_shop(registered: Registered, instance: DagsterInstance) -> None:
    assert run(instance, "ingest_products").success
    assert cells(instance, "products") == cells(instance, "activity_goods") == set(registered.names)
    assert registered.rows("select count(*) > 0 from raw_temu.product_snapshots") == [(True,)]


def test_a_shop_that_fails_is_named_and_the_others_are_reported(
    registered: Registered, instance: DagsterInstance
) -> None:
    broken = registered.shops[1]
    token = SecretBox.open(registered.settings).encrypt("not-the-token")
    registered.execute("update ops.shop_credentials set access_token = %s where shop_id = %s", token, broken.id)
    result = backfill(instance, registered.names)
    assert not result.success
    assert broken.shop_name in failure_text(result)
    others = [name for name in registered.names if name != broken.shop_name]
    assert not any(name in failure_text(result) for name in others)
    assert {cell.split("|")[1] for cell in cells(instance, "orders")} == set(others)
    restarts = [event for event in result.all_events if event.event_type == DagsterEventType.STEP_UP_FOR_RETRY]
    assert restarts == []


def test_a_run_may_be_narrowed_to_some_shops(registered: Registered, instance: DagsterInstance) -> None:
    chosen = registered.shops[0]
    config = {"ops": {SHOP_DAY_STEP: {"config": {"shops": [str(chosen.temu_shop_id)]}}}}
    job = build_defs().resolve_job_def("ingest_orders")
    assert job.execute_in_process(instance=instance, run_config=config, tags={MODE_TAG: LIVE}).success
    assert registered.rows("select distinct shop_id from raw_temu.orders") == [(chosen.id,)]


def test_a_shop_is_found_by_its_name_even_where_that_can_be_no_partition_key(
    registered: Registered, instance: DagsterInstance
) -> None:
    chosen = registered.shops[0]
    registered.execute("update ops.shops set shop_name = 'Acme, Inc' where id = %s", chosen.id)
    config = {"ops": {SHOP_DAY_STEP: {"config": {"shops": ["Acme, Inc"]}}}}
    job = build_defs().resolve_job_def("ingest_orders")
    assert job.execute_in_process(instance=instance, run_config=config, tags={MODE_TAG: LIVE}).success
    assert registered.rows("select distinct shop_id from raw_temu.orders") == [(chosen.id,)]


def test_a_shop_that_is_not_active_is_refused_with_the_remedy(
    registered: Registered, instance: DagsterInstance
) -> None:
    registered.execute("update ops.shops set is_active = false where id = %s", registered.shops[0].id)
    result = backfill(instance, registered.names)
    assert not result.success
    assert registered.shops[0].shop_name in failure_text(result)
    assert "omni shops list" in failure_text(result)


class ScriptedShops:
    """Stands for `sync_shops`: each attempt answers by the script, and remembers which shops were asked for."""

    def __init__(self, registered: Registered, script: Sequence[dict[str, Exception]]) -> None:
        self.ids = {shop.shop_name: shop.id for shop in registered.shops}
        self.script = list(script)
        self.asked: list[list[str]] = []

    def __call__(
        self, _url: str, *, shops: list[str], run_id: str, on_event: Callable[[object], None], **_: object
    ) -> list[object]:
        troubles = self.script[len(self.asked)]
        self.asked.append(shops)
        events = [self._event(shop, run_id, troubles.get(shop)) for shop in shops]
        for event in events:
            on_event(event)
        return events

    def _event(self, shop: str, run_id: str, error: Exception | None) -> SyncReport | SyncFailure:
        told = {"shop_id": self.ids[shop], "shop_name": shop, "stream": "orders", "mode": "window", "run_id": run_id}
        window = Window(Window.of_day(FIRST).start, Window.of_day(LAST).end)
        return SyncFailure(**told, window=window, error=error) if error else SyncReport(**told, window=window)


def scripted_run(
    registered: Registered, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch, *script: dict[str, Exception]
) -> tuple[ExecuteInProcessResult, ScriptedShops]:
    gateway = ScriptedShops(registered, script)
    monkeypatch.setattr(reading, "sync_shops", gateway)
    defs = Definitions(
        assets=build_raw_temu_assets(retries=RetryPolicy(max_retries=2, delay=0)),
        jobs=[ingest_orders],
        resources={"warehouse": Warehouse()},
    )
    job = defs.resolve_job_def("ingest_orders")
    return job.execute_in_process(instance=instance, tags={MODE_TAG: LIVE}, raise_on_error=False), gateway


def test_a_retry_reads_only_the_shops_whose_trouble_may_pass(
    registered: Registered, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = registered.names[0]
    result, gateway = scripted_run(
        registered, instance, monkeypatch, {busy: TransientError("gateway busy")}, {busy: TransientError("still")}, {}
    )
    assert result.success
    assert gateway.asked == [registered.names, [busy], [busy]]


def test_permanent_trouble_is_asked_for_once_and_still_named_after_a_retry(
    registered: Registered, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, locked, *_ = registered.names
    troubles = {busy: TransientError("gateway busy"), locked: ShopAuthError("token expired", remedy="authorise again")}
    result, gateway = scripted_run(registered, instance, monkeypatch, troubles, {})
    assert not result.success
    assert gateway.asked == [registered.names, [busy]]
    assert f"{locked} · orders: token expired → authorise again" in failure_text(result)
    assert busy not in failure_text(result)
