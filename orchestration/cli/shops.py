"""`omni shops …`: which shops are read, and with which credentials."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import psycopg
import typer
from pydantic import SecretStr

from connectors.postgres.quota import calls_per_second as granted_calls
from connectors.postgres.quota import set_calls_per_second
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import NewShop, Shop, ShopCredentials, change_shop, get_shop, list_shops
from connectors.sync import check_shop
from connectors.token_expiry import days_left, token_ends
from orchestration.cli import shop_authorisation
from orchestration.cli.console import complain, out, table
from orchestration.cli.db import migrated_database
from orchestration.registration import register_shop

app = typer.Typer(no_args_is_help=True)
app.command()(shop_authorisation.authorise)
app.command()(shop_authorisation.subscribe)
app.command("second-gateway")(shop_authorisation.second_gateway)
SettlementLag = Annotated[
    int | None, typer.Option(min=0, max=366, help="Days from delivery until the platform pays; absent: 8.")
]


@app.command()
def add(
    name: Annotated[str, typer.Option(help="The shop's name, as people call it.")],
    mall_id: Annotated[int, typer.Option(help="The platform's mall id.")],
    region: Annotated[str, typer.Option(help="Sales region: US, CA, MX, UK, DE, FR, IT, ES, EU, AU, JP, KR, GLOBAL.")],
    app_key: Annotated[str, typer.Option(help="The app's key.")],
    app_secret: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when absent.")],
    access_token: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when absent.")],
    gateway: Annotated[str, typer.Option(help="API gateway: US, EU, GLOBAL; PARTNER or CN serve goods only.")] = "US",
    entity: Annotated[str | None, typer.Option(help="Legal entity that owns the shop.")] = None,
    business_model: Annotated[str, typer.Option(help="full, semi or local.")] = "local",
    timezone: Annotated[str | None, typer.Option(help="IANA zone; absent: the region's.")] = None,
    default_manager: Annotated[str | None, typer.Option(help="Who answers for products without a manager.")] = None,
    environment: Annotated[str, typer.Option(help="production, or sandbox: kept out of the marts.")] = "production",
    gateway_url: Annotated[str | None, typer.Option(help="Another address than the official one.")] = None,
    dialect: Annotated[str, typer.Option(help="How the gateway is spoken to: router or rest.")] = "router",
    settlement_lag_days: SettlementLag = None,
) -> None:
    """Add a shop; `omni shops update` changes one. Secrets are stored encrypted.

    Example: `omni shops add --name "Acme US" --mall-id 634418000000001 --region US --app-key … `
    (secret and token are asked for, so that they do not stay in the shell's history)
    """
    settings = Settings()
    url = migrated_database(settings)
    shop = NewShop(
        temu_shop_id=mall_id,
        shop_name=name,
        region=region,
        gateway=gateway,
        gateway_url=gateway_url,
        dialect=dialect,
        entity=entity,
        business_model=business_model,
        timezone=timezone,
        default_manager=default_manager,
        environment=environment,
        settlement_lag_days=settlement_lag_days,
        app_key=app_key,
        credentials=ShopCredentials(SecretStr(app_secret), SecretStr(access_token)),
    )
    with psycopg.connect(url) as connection:
        saved = register_shop(connection, SecretBox.open(settings), shop)
    out.print(f'shop {saved.id} "{saved.shop_name}" is saved; try: omni shops check "{saved.shop_name}"', markup=False)


@app.command("list")
def list_command() -> None:
    """Show the shops, without their secrets, and warn of tokens that end within two weeks."""
    url = migrated_database(Settings())
    with psycopg.connect(url) as connection:
        shops, ends = list_shops(connection), token_ends(connection)
    now = datetime.now(UTC)
    own = {one.shop_id: days_left(one.expires_at, now) for one in ends if one.gateway is None}
    rows: list[tuple[object, ...]] = [
        (one.id, one.shop_name, str(one.temu_shop_id), one.region, one.gateway, one.environment, one.is_active,
         own.get(one.id))
        for one in shops
    ]  # fmt: skip
    table("Shops", ("id", "name", "mall id", "region", "gateway", "environment", "active", "token ends"), rows)
    for end in ends:
        if end.is_near(now):
            complain(end.words(now))


@app.command()
def update(
    shop: Annotated[str, typer.Argument(help="Name, mall id or id.")],
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    region: Annotated[str | None, typer.Option(help="Sales region.")] = None,
    gateway: Annotated[str | None, typer.Option(help="API gateway: US, EU, GLOBAL, PARTNER or CN.")] = None,
    app_key: Annotated[str | None, typer.Option(help="The app's key.")] = None,
    entity: Annotated[str | None, typer.Option(help="Legal entity that owns the shop.")] = None,
    business_model: Annotated[str | None, typer.Option(help="full, semi or local.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA zone.")] = None,
    default_manager: Annotated[str | None, typer.Option(help="Who answers for products without a manager.")] = None,
    environment: Annotated[str | None, typer.Option(help="production or sandbox.")] = None,
    gateway_url: Annotated[
        str | None, typer.Option(help='Another address than the official one; "" = that one.')
    ] = None,
    dialect: Annotated[str | None, typer.Option(help="router or rest.")] = None,
    settlement_lag_days: SettlementLag = None,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="Ask for a new app secret.")] = False,
    new_token: Annotated[bool, typer.Option("--new-token", help="Ask for a new access token.")] = False,
) -> None:
    """Change what is given and leave the rest. A replaced app secret keeps verifying pushed events for a week.

    Examples: `omni shops update "Acme US" --default-manager Li` · `omni shops update "Acme US" --new-token`
    """
    given = {
        "shop_name": name,
        "region": region,
        "gateway": gateway,
        "app_key": app_key,
        "entity": entity,
        "business_model": business_model,
        "timezone": timezone,
        "default_manager": default_manager,
        "environment": environment,
        "gateway_url": gateway_url,
        "dialect": dialect,
        "settlement_lag_days": settlement_lag_days,
        "app_secret": _asked("App secret") if new_secret else None,
        "access_token": _asked("Access token") if new_token else None,
    }
    changes: dict[str, object] = {field: value for field, value in given.items() if value is not None}
    if gateway_url == "":
        changes["gateway_url"] = None
    saved = _change(shop, changes)
    out.print(f'shop {saved.id} "{saved.shop_name}" is saved', markup=False)


@app.command()
def deactivate(shop: Annotated[str, typer.Argument(help="Name, mall id or id.")]) -> None:
    """Stop reading a shop; what it brought stays. `omni shops activate` takes it up again.

    Example: `omni shops deactivate "Acme US"`
    """
    out.print(f'"{_change(shop, {"is_active": False}).shop_name}" is not read any more', markup=False)


@app.command()
def activate(shop: Annotated[str, typer.Argument(help="Name, mall id or id.")]) -> None:
    """Read a shop again, on from where it stopped.

    Example: `omni shops activate "Acme US"`
    """
    out.print(f'"{_change(shop, {"is_active": True}).shop_name}" is read again', markup=False)


@app.command()
def quota(
    shop: Annotated[str, typer.Argument(help="Name, mall id or id.")],
    calls_per_second: Annotated[int | None, typer.Option(min=1, help="What the platform grants the app now.")] = None,
) -> None:
    """Show how many calls per second the shop's app may send, or store a new grant. All shops of the app share it.

    Examples: `omni shops quota "Acme US"` · `omni shops quota "Acme US" --calls-per-second 50`
    """
    with psycopg.connect(migrated_database(Settings())) as connection:
        found = get_shop(connection, shop)
        if calls_per_second:
            set_calls_per_second(connection, found.app_key, calls_per_second)
        allowed = granted_calls(connection, found.app_key)
        sharing = [one.shop_name for one in list_shops(connection) if one.app_key == found.app_key]
    out.print(f"{allowed:g} calls per second, shared by {', '.join(sharing)}", markup=False)


def _change(shop: str, changes: dict[str, object]) -> Shop:
    settings = Settings()
    with psycopg.connect(migrated_database(settings)) as connection:
        return change_shop(connection, SecretBox.open(settings), shop, changes)


def _asked(what: str) -> SecretStr:
    return SecretStr(typer.prompt(what, hide_input=True))


@app.command()
def check(shop: Annotated[str | None, typer.Argument(help="Name, mall id or id; absent: all shops.")] = None) -> None:
    """Ask the platform whether it accepts the credentials: token, expiry, scopes, clock."""
    settings = Settings()
    url = migrated_database(settings)
    with psycopg.connect(url) as connection:
        names = [shop] if shop else [one.shop_name for one in list_shops(connection, active_only=True)]
    checks = [check_shop(url, settings=settings, shop=name) for name in names]
    rows: list[tuple[object, ...]] = [(one.shop_name, one.is_well, one.message) for one in checks]
    table("Shops as the platform sees them", ("shop", "well", "what it says"), rows)
    raise typer.Exit(0 if all(one.is_well for one in checks) else 1)
