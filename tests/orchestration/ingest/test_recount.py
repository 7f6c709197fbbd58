"""The counting job: what it shows of closed days, and who is named when a shop cannot be asked."""

from datetime import timedelta

from dagster import AssetCheckSeverity, DagsterInstance, ExecuteInProcessResult

from connectors.completeness.days import business_day, window_of_business_day
from connectors.secrets import SecretBox
from connectors.sync import sync_shops
from orchestration.ingest.definitions import build_defs
from tests.orchestration.registered import Registered


def _recount(instance: DagsterInstance, **config: object) -> ExecuteInProcessResult:
    job = build_defs().resolve_job_def("recount_orders")
    told = {"ops": {"ops__platform_counts": {"config": config}}}
    return job.execute_in_process(instance=instance, run_config=told, raise_on_error=False)


def _sync(registered: Registered) -> None:
    sync_shops(
        registered.url, settings=registered.settings, shops=None, streams=["orders"], window=None, run_id="r",
        on_event=lambda _event: None,
    )  # fmt: skip


def _yesterday(registered: Registered) -> str:
    [(newest,)] = registered.rows("select max(order_time) from raw_temu.orders")
    return str(business_day(newest) - timedelta(days=1))


def test_a_lost_order_is_found_and_the_check_shows_the_day(registered: Registered, instance: DagsterInstance) -> None:
    _sync(registered)
    day = business_day(registered.rows("select max(order_time) from raw_temu.orders")[0][0]) - timedelta(days=1)
    window = window_of_business_day(day)
    lost = "select parent_order_sn from raw_temu.orders where order_time >= %s and order_time < %s limit 1"
    [(sn,)] = registered.rows(lost, window.start, window.end)
    registered.execute("delete from raw_temu.orders where parent_order_sn = %s", sn)
    left_alone = _recount(instance, mend=False)
    [check] = left_alone.get_asset_check_evaluations()
    assert left_alone.success
    assert (check.passed, check.severity) == (False, AssetCheckSeverity.ERROR)
    assert "1 unexplained" in str(check.description)
    mended = _recount(instance)
    [check] = mended.get_asset_check_evaluations()
    assert check.passed
    [row] = check.metadata["days"].value.records
    assert (row.data["day"], row.data["found"]) == (str(day), 1)
    assert registered.rows("select count(*) from raw_temu.orders where parent_order_sn = %s", sn) == [(1,)]


def test_a_shop_that_refuses_us_fails_the_run_by_name_and_the_others_are_counted(
    registered: Registered, instance: DagsterInstance
) -> None:
    _sync(registered)
    box = SecretBox.open(registered.settings)
    victim = registered.shops[0]
    registered.execute(
        "update ops.shop_credentials set access_token = %s where shop_id = %s", box.encrypt("revoked"), victim.id
    )
    result = _recount(instance, first_day=_yesterday(registered), last_day=_yesterday(registered))
    assert not result.success
    [failed] = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert victim.shop_name in str(failed.user_failure_data.description)
    counted = registered.rows("select distinct shop_id from ops.platform_counts order by 1")
    assert counted == [(shop.id,) for shop in registered.shops[1:]]
