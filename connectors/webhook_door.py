"""The webhook door while it is closed: it keeps the address, answers health questions and turns every event away.

Belongs here: the address at which the platform will push events, and an honest no: 503 with Retry-After, so that a
sender keeps its event, and nothing is acknowledged that nobody stored. Orders arrive by the regular reads meanwhile.
Does not belong here: the inbox of verified events, which the ingest location watches (`settings.webhook_inbox`).

Run alone: `uvicorn --factory connectors.webhook_door:build_app`.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

WEBHOOK_PATH = "/api/webhook/temu"
HEALTH_PATH = "/health"
RETRY_AFTER_SECONDS = 3600


async def health(_request: Request) -> Response:
    """200 while the process serves; `door` says that events are not taken."""
    return JSONResponse({"status": "ok", "door": "closed"})


async def turn_away(_request: Request) -> Response:
    """503 as problem details (RFC 9457). The body is not read: an unverified event is nothing to keep."""
    problem = {
        "type": "about:blank",
        "title": "The webhook door is closed",
        "status": 503,
        "detail": "This installation does not take pushed events. Keep the event; orders are read regularly.",
    }
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return JSONResponse(problem, status_code=503, headers=headers, media_type="application/problem+json")


def build_app() -> Starlette:
    """The ASGI application."""
    return Starlette(
        routes=[
            Route(HEALTH_PATH, health, methods=["GET"]),
            Route(WEBHOOK_PATH, turn_away, methods=["POST"]),
        ]
    )
