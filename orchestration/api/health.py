"""Is the door well, and can the API do its work? Asked by `omni up`, containers and monitors; no key is needed.

Belongs here: two questions. `/health`: events can be taken, whatever else is broken. `/ready`: the database answers.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from connectors.errors import TransientError
from orchestration.api.mailbox import Mailbox
from orchestration.api.problems import ProblemError, responses
from orchestration.api.refusals import Refusals
from orchestration.names import HEALTH_PATH


class Health(BaseModel):
    """`refused` counts deliveries by reason since the process began."""

    status: str = "ok"
    door: str = "open"
    refused: dict[str, int]


def health_routes(mailbox: Mailbox, connect: Callable[[], psycopg.Connection], refusals: Refusals) -> APIRouter:
    """The routes of both questions."""
    router = APIRouter(tags=["health"])

    @router.get(HEALTH_PATH, summary="Events can be taken", responses=responses(503))
    async def health() -> Health:
        """200 while the inbox can be written."""
        if not await run_in_threadpool(mailbox.is_writable):
            raise ProblemError(503, "the inbox cannot be written")
        return Health(refused=dict(refusals.counts))

    @router.get("/ready", summary="The control API can work", responses=responses(503))
    def ready() -> Health:
        """200 while the database answers."""
        try:
            with connect() as conn:
                conn.execute("select from ops.shops limit 1")
        except psycopg.Error as error:
            raise TransientError("the database is not migrated") from error
        return Health(refused=dict(refusals.counts))

    return router
