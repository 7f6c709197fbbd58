"""The check on suspicious silence: a warning of the latest live reading, and how it is taken back."""

from dagster import AssetCheckSeverity

from orchestration.ingest.silence import verdict_on_silence
from tests.orchestration.registered import Registered

INSERT = (
    "insert into ops.sync_tasks (id, shop_id, stream, mode, status, run_id, started_at, warning)"
    " values (gen_random_uuid(), %s, 'orders', %s, 'completed', 'r', now() - %s * interval '1 hour', %s)"
)
WORDS = "shop Acme, orders: nothing new in [a, b), while the same hours of the last weeks brought 8, 8"


def test_a_warning_of_the_latest_live_reading_is_shown_until_news_come(registered: Registered) -> None:
    shop = registered.shops[0]
    assert verdict_on_silence(registered.url).passed
    registered.execute(INSERT, shop.id, "live", 2, WORDS)
    registered.execute(INSERT, shop.id, "window", 1, None)
    verdict = verdict_on_silence(registered.url)
    assert (verdict.passed, verdict.severity, verdict.description) == (False, AssetCheckSeverity.WARN, WORDS)
    [row] = verdict.metadata["silent"].value.records
    assert (row.data["shop"], row.data["stream"]) == (shop.shop_name, "orders")
    registered.execute(INSERT, shop.id, "live", 0, None)
    assert verdict_on_silence(registered.url).passed


def test_a_shop_that_is_not_read_any_more_may_be_silent(registered: Registered) -> None:
    registered.execute(INSERT, registered.shops[0].id, "live", 2, WORDS)
    registered.execute("update ops.shops set is_active = false where id = %s", registered.shops[0].id)
    assert verdict_on_silence(registered.url).passed
