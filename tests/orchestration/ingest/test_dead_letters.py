"""Dead letters in Dagster: the replay job and the age alarm."""

from datetime import timedelta

from dagster import AssetCheckSeverity, AssetKey, DagsterInstance, ExecuteInProcessResult

from connectors.sync import sync_shops
from connectors.temu.decoding import RecordDecoder
from connectors.temu.models import orders as models
from connectors.temu.streams import ORDER_LIST
from orchestration.ingest.definitions import build_defs
from tests.orchestration.registered import Registered


class _NobodySends(models.Order):
    """A model that no order of the platform satisfies."""

    never: int


def _lose_orders(registered: Registered) -> int:
    vars(ORDER_LIST.entity)["_decoder"] = RecordDecoder(_NobodySends)
    try:
        sync_shops(
            registered.url, settings=registered.settings, shops=[registered.names[0]], streams=["orders"], window=None,
            run_id="r", on_event=lambda _event: None,
        )  # fmt: skip
    finally:
        del vars(ORDER_LIST.entity)["_decoder"]
    [(letters,)] = registered.rows("select count(*) from ops.dead_letters")
    return letters


def _run(instance: DagsterInstance, job: str, **config: object) -> ExecuteInProcessResult:
    told = {"ops": {"replay_open_letters": {"config": config}}} if config else {}
    definition = build_defs().resolve_job_def(job)
    return definition.execute_in_process(instance=instance, run_config=told, raise_on_error=False)


def test_the_job_replays_what_is_open_and_says_so(registered: Registered, instance: DagsterInstance) -> None:
    letters = _lose_orders(registered)
    assert letters
    assert registered.rows("select count(*) from raw_temu.orders") == [(0,)]
    assert _run(instance, "replay_dead_letters", dry_run=True).success
    assert registered.rows("select count(*) from raw_temu.orders") == [(0,)]
    result = _run(instance, "replay_dead_letters")
    assert result.success
    [event] = result.get_asset_observation_events()
    seen = event.asset_observation_data.asset_observation
    assert seen.asset_key == AssetKey(["ops", "dead_letters"])
    assert seen.metadata["letters_landed"].value == letters
    assert registered.rows("select count(*) from raw_temu.orders") == [(letters,)]
    assert registered.rows("select count(*) from ops.dead_letters where resolved_at is null") == [(0,)]


def test_a_letter_that_stays_open_for_too_long_raises_the_alarm(
    registered: Registered, instance: DagsterInstance
) -> None:
    letters = _lose_orders(registered)

    def verdict():
        result = _run(instance, "watch_completeness")
        return next(one for one in result.get_asset_check_evaluations() if one.check_name == "none_is_old")

    fresh = verdict()
    assert fresh.passed
    [row] = fresh.metadata["open"].value.records
    assert (row.data["shop"], row.data["letters"]) == (registered.names[0], letters)
    registered.execute("update ops.dead_letters set created_at = created_at - %s", timedelta(hours=25))
    old = verdict()
    assert (old.passed, old.severity) == (False, AssetCheckSeverity.WARN)
    assert "omni dead-letters" in str(old.description)
