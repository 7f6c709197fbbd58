"""Where the storm rages: a gateway whose clock only commands move, and shops that are registered at it.

Belongs here: starting and stopping. What happens day by day: `benchmarks.storm.weeks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from pydantic import SecretStr

from connectors.sandbox.sandbox import Options, Sandbox
from connectors.sandbox.server import serving_in_thread
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import NewShop, Shop, ShopCredentials, add_shop

HISTORY_DAYS = 2


@dataclass(frozen=True)
class Stage:
    """The gateway's address and the sandbox behind it."""

    url: str
    sandbox: Sandbox

    @property
    def now(self) -> datetime:
        """The gateway's instant, UTC."""
        return datetime.fromtimestamp(self.sandbox.now(), UTC)

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self.sandbox.advance(span.total_seconds())


@contextmanager
def open_stage(folder: Path, orders_per_day: float) -> Iterator[Stage]:
    """A gateway in a thread. Its first day begins at the next UTC midnight: rows then land before, in real time, the
    platform counts them, and no difference is explained by coming after the count."""
    midnight = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    start = int(midnight.timestamp())
    options = Options(folder / "sandbox", days=HISTORY_DAYS, orders_per_day=orders_per_day, now=start, quota=0)
    sandbox = Sandbox(options, real=lambda: float(start))
    with serving_in_thread(sandbox) as url:
        yield Stage(url, sandbox)


def register(stage: Stage, url: str, settings: Settings, count: int) -> list[Shop]:
    """Enter the first `count` shops of the gateway, with a quota that slows nobody."""
    with psycopg.connect(url) as connection:
        box, shops = SecretBox.open(settings), []
        for one in stage.sandbox.world.shops[:count]:
            profile, given = one.profile, stage.sandbox.tokens.credentials(one)
            sealed = ShopCredentials(SecretStr(given.app_secret), SecretStr(given.access_token))
            shop = NewShop(
                temu_shop_id=profile.mall_id,
                shop_name=profile.name,
                region=profile.region,
                gateway=profile.gateway,
                gateway_url=f"{stage.url}/{profile.gateway}/openapi/router",
                app_key=given.app_key,
                credentials=sealed,
                environment="production",
            )
            shops.append(add_shop(connection, box, shop))
            connection.execute(
                "insert into ops.app_quota (app_key, calls_per_second) values (%s, 1000000) on conflict do nothing",
                [given.app_key],
            )
    return shops
