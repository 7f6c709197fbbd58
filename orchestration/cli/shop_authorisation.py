"""`omni shops authorise`, `subscribe`, `second-gateway`: what a seller grants, beyond the first credentials.

Belongs here: the three commands; they are part of `omni shops`.
"""

from __future__ import annotations

from typing import Annotated

import psycopg
import typer
from pydantic import SecretStr

from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shop_gateways import ShopGateway, add_gateway
from connectors.shops import ShopCredentials, get_shop
from connectors.sync import EVENTS, event_states, redeem_code, subscribe_events
from orchestration.cli.console import out, table
from orchestration.cli.db import migrated_database

ShopArgument = Annotated[str, typer.Option("--shop", help="Name, mall id or id.")]


def authorise(
    shop: ShopArgument,
    code: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when absent; valid ten minutes.")],
) -> None:
    """Exchange the code of the seller's authorisation for a token and store it. The token before is dead from then on.

    Example: `omni shops authorise --shop "Acme US"` (the code is asked for)
    """
    settings = Settings()
    expires = redeem_code(migrated_database(settings), settings=settings, shop=shop, code=code)
    until = f"until {expires:%Y-%m-%d}" if expires else "for an unknown time"
    out.print(f'the token of "{shop}" is stored and valid {until}', markup=False)


def subscribe(
    shop: ShopArgument,
    event: Annotated[
        list[str] | None, typer.Option(help="Event code; repeatable; absent: all that omni understands.")
    ] = None,
    cancel: Annotated[list[str] | None, typer.Option(help="Event code that is no longer wanted; repeatable.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, ask for nothing.")] = False,
) -> None:
    """Have the platform push events of a shop: order status, address, after-sales, cancellation.

    Examples: `omni shops subscribe --shop "Acme US" --dry-run` · `omni shops subscribe --shop "Acme US" --event
    bg_order_status_change_event`
    """
    settings = Settings()
    url = migrated_database(settings)
    wanted = event or ([] if cancel else list(EVENTS))
    if not dry_run:
        subscribe_events(url, settings=settings, shop=shop, permit=wanted, cancel=cancel or ())
    states = event_states(url, settings=settings, shop=shop)
    codes = sorted({*states, *wanted})
    rows: list[tuple[object, ...]] = [(one, states.get(one, False), _plan(one, wanted, cancel or [])) for one in codes]
    table(f"Events of {shop}", ("event", "pushed", "would be" if dry_run else "asked"), rows)


def _plan(code: str, wanted: list[str], cancelled: list[str]) -> str:
    if code in wanted:
        return "permitted"
    return "cancelled" if code in cancelled else "left alone"


def second_gateway(
    shop: ShopArgument,
    gateway: Annotated[str, typer.Option(help="PARTNER (semi-managed goods) or CN (full-managed).")],
    app_key: Annotated[str, typer.Option(help="The app's key on that gateway.")],
    app_secret: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when absent.")],
    access_token: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when absent.")],
    gateway_url: Annotated[str | None, typer.Option(help="Another address than the official one.")] = None,
) -> None:
    """Store the credentials of the gateway where a cross-border seller keeps the goods of this shop.

    Example: `omni shops second-gateway --shop "Acme US" --gateway PARTNER --app-key …`
    """
    settings = Settings()
    credentials = ShopCredentials(SecretStr(app_secret), SecretStr(access_token))
    further = ShopGateway(gateway=gateway, gateway_url=gateway_url, app_key=app_key, credentials=credentials)
    with psycopg.connect(migrated_database(settings)) as connection:
        found = get_shop(connection, shop)
        add_gateway(connection, SecretBox.open(settings), found, further)
    out.print(f'gateway {gateway} of "{found.shop_name}" is saved', markup=False)
