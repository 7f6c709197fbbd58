"""The one ASGI application: webhook door, control API, health, metrics, OpenAPI document.

Belongs here: putting the parts together. CORS stays off: browsers of other sites have no business here.
Run alone: `uvicorn --factory orchestration.api.app:serve_app`, or `omni serve door`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import psycopg
from fastapi import FastAPI

from connectors.app_secrets import KnownApps, known_apps
from connectors.errors import TransientError
from connectors.logs import configure_process_logs, log_crashes
from connectors.postgres.server import ensure_database
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.api.access import Gatekeeper
from orchestration.api.apps import Apps
from orchestration.api.door import MOST_BYTES, Door, door_routes
from orchestration.api.health import health_routes
from orchestration.api.limits import BodyLimit
from orchestration.api.mailbox import Mailbox
from orchestration.api.metrics import DoorFigures, metrics_routes
from orchestration.api.problems import answer_with_problems
from orchestration.api.refusals import Refusals, store_rows
from orchestration.api.runs import Runs
from orchestration.api.shop_routes import shop_routes
from orchestration.api.sync_routes import sync_routes
from orchestration.launch import DagsterClient
from orchestration.names import WEBHOOK_PATH

CONTROL_BYTES = 64 * 1024
_DESCRIPTION = (
    "Events of the platform come in at the webhook door. Programs start runs, follow tasks and edit shops with a key "
    "of `omni api-keys create`: viewers look, operators start and refresh, admins change shops. Errors are problem "
    "details (RFC 9457). Times are UTC."
)


def serve_app() -> FastAPI:
    """The application of a process of its own: settings from the environment, log lines as they say."""
    settings = Settings()
    configure_process_logs(settings.log_level)
    log_crashes()
    return build_app(settings, ensure_database(settings))


def build_app(settings: Settings, database_url: str, *, dagster: DagsterClient | None = None) -> FastAPI:
    """The application on a migrated database. `dagster` replaces the client for `settings.dagster_url`."""
    if dagster is None and settings.dagster_url:
        dagster = DagsterClient(settings.dagster_url)
    connect = _connector(database_url)
    apps, mailbox = Apps(lambda: _read_apps(connect, settings)), Mailbox(settings.webhook_inbox)
    refusals = Refusals(lambda rows: store_rows(database_url, rows))
    app = FastAPI(
        title="temu-omni",
        version="0.1.0",
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        lifespan=_lifespan(apps, mailbox, refusals),
    )
    app.state.gatekeeper = Gatekeeper(database_url, calls_per_minute=settings.api_calls_per_minute)
    door, runs = Door(settings, apps, mailbox, refusals), Runs(dagster)
    app.include_router(door_routes(door))
    app.include_router(sync_routes(runs, connect))
    app.include_router(shop_routes(settings, database_url, connect))
    app.include_router(health_routes(mailbox, connect, refusals))
    figures = DoorFigures(connect, settings.webhook_inbox, door.outcomes, runs)
    app.include_router(metrics_routes(figures, settings.bind_host))
    app.add_middleware(BodyLimit, limit=CONTROL_BYTES, paths={WEBHOOK_PATH: MOST_BYTES})
    answer_with_problems(app)
    return app


def _lifespan(
    apps: Apps, mailbox: Mailbox, refusals: Refusals
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        mailbox.open()
        with suppress(TransientError):  # the first event asks again
            await apps.known()
        ledger = asyncio.create_task(refusals.run())
        yield
        ledger.cancel()
        with suppress(asyncio.CancelledError):
            await ledger

    return lifespan


def _connector(database_url: str) -> Callable[[], psycopg.Connection]:
    def connect() -> psycopg.Connection:
        try:
            return psycopg.connect(database_url, connect_timeout=10)
        except psycopg.OperationalError as error:
            raise TransientError("the database does not answer", remedy="try again later") from error

    return connect


def _read_apps(connect: Callable[[], psycopg.Connection], settings: Settings) -> KnownApps:
    with connect() as conn:
        return known_apps(conn, SecretBox.open(settings))
