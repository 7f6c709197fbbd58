"""The check on tokens that end: silent for two weeks and more, then it names the shop and the remedy."""

from dagster import AssetCheckSeverity
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.ingest.token_expiry import verdict_on_tokens
from tests.orchestration.registered import Registered

SET = "update ops.shop_credentials set token_expires_at = now() + %s * interval '1 day' where shop_id = %s"


def test_a_token_that_ends_within_two_weeks_is_a_warning(registered: Registered) -> None:
    shop = registered.shops[0]
    registered.execute(SET, 15, shop.id)
    assert verdict_on_tokens(registered.url).passed
    registered.execute(SET, 13, shop.id)
    verdict = verdict_on_tokens(registered.url)
    assert (verdict.passed, verdict.severity) == (False, AssetCheckSeverity.WARN)
    assert f'omni shops authorise --shop "{shop.shop_name}"' in str(verdict.description)
    [row] = verdict.metadata["ending"].value.records
    assert row.data["shop"] == shop.shop_name


def test_the_list_of_shops_warns_too(registered: Registered) -> None:
    registered.execute(SET, 3.5, registered.shops[0].id)
    told = CliRunner().invoke(app, ["shops", "list"], catch_exceptions=False)
    assert "in 3 days" in told.output
    assert f"shop {registered.shops[0].shop_name}: the access token ends on" in told.stderr
