"""Every error of the API as problem details (RFC 9457), `application/problem+json`.

Belongs here: the one shape, and which status an error of ours has. A bug is said to be one, without its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.errors import ConfigurationError, OmniError, PermanentError, TransientError
from connectors.temu.webhooks import UnverifiedDeliveryError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 30
log = structlog.get_logger(__name__)


class Problem(BaseModel):
    """What went wrong (RFC 9457). `errors` names the fields of a request that cannot be used."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, str]] = Field(default_factory=list)

    model_config = {
        "json_schema_extra": {
            "examples": [
                {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "send a key", "errors": []}
            ]
        }
    }


class ProblemError(HTTPException):
    """Answer with a problem: `raise ProblemError(404, "no such task")`."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)


def problem(
    status: int, detail: str, *, errors: Sequence[dict[str, str]] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The response for one problem."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors))
    return JSONResponse(body.model_dump(), status, headers, media_type=MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Install the handlers."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(OmniError, _ours)
    app.add_exception_handler(Exception, _bug)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses for the OpenAPI document."""
    return {
        status: {"description": HTTPStatus(status).phrase, "model": Problem, "content": {MEDIA_TYPE: {}}}
        for status in statuses
    }


async def _http(_request: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    return problem(found.status_code, str(found.detail), headers=found.headers)


async def _invalid(_request: Request, error: Exception) -> Response:
    found = cast("RequestValidationError", error).errors()
    fields = [{"field": ".".join(map(str, each["loc"])), "reason": str(each["msg"])} for each in found]
    return problem(422, "the request has fields that cannot be used", errors=fields)


async def _ours(_request: Request, error: Exception) -> Response:
    headers = {"Retry-After": str(RETRY_SECONDS)} if isinstance(error, TransientError) else None
    return problem(status_of(cast("OmniError", error)), str(error), headers=headers)


def status_of(error: OmniError) -> int:
    """401 unverified, 503 may pass, 400 malformed, 422 for what our configuration or the request does not allow."""
    if isinstance(error, UnverifiedDeliveryError):
        return 401
    if isinstance(error, TransientError):
        return 503
    if isinstance(error, ConfigurationError):
        return 422
    return 400 if isinstance(error, PermanentError) else 500


async def _bug(request: Request, error: Exception) -> Response:
    log.error("unexpected error", path=request.url.path, error_class=type(error).__name__)
    return problem(500, "an unexpected error; the log of the door has its place")
