"""The HTTP face (ASGI): the platform's paths by hand because they must be cheap, everything else through Starlette.

Belongs here: sockets, headers, transport faults. Does not belong here: what an answer says (see `gateway`, `rest`,
`admin`).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from email.utils import formatdate
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.sandbox.faults import Fault
from connectors.sandbox.gateway import Answer, Gateway
from connectors.sandbox.operations.operation import ROUTERS
from connectors.sandbox.operations.registry import PATHS
from connectors.sandbox.rest import RestFace
from connectors.sandbox.tokens import GATEWAYS

_ROUTER = ""
_ROUTES = {f"/{region}/openapi/router": (region, _ROUTER) for region in GATEWAYS} | {
    f"/{region}{path}": (region, path) for region in ROUTERS for path in PATHS
}
_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
_JSON = (b"content-type", b"application/json;charset=UTF-8")
Headers = list[tuple[bytes, bytes]]


class SandboxApp:
    """POST on a region's router or REST paths is a call; other methods and paths go to the admin application."""

    def __init__(self, gateway: Gateway, admin: ASGIApp) -> None:
        self._gateway = gateway
        self._admin = admin
        self._rest = RestFace(gateway.sandbox)
        self._latency = gateway.sandbox.options.latency_ms / 1000
        self._date = (0, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        route = _ROUTES.get(scope["path"]) if is_post else None
        if route is None:
            await self._admin(scope, receive, send)
            return
        body = await _read(receive)
        if self._latency:
            await asyncio.sleep(self._latency)
        region, path = route
        if path == _ROUTER:
            answer = self._gateway.answer(region, body, _base_url(scope))
        else:
            answer = self._rest.answer(region, path, body)
        if answer.fault is None:
            await self._send(send, answer.status, answer.body, [_JSON, self._date_header(answer.now)])
        else:
            await self._send_with_fault(receive, send, answer, answer.fault)

    def _date_header(self, now: int) -> tuple[bytes, bytes]:
        """The virtual clock, from which clients learn the server's time."""
        if self._date[0] != now:
            self._date = (now, formatdate(now, usegmt=True).encode())
        return b"date", self._date[1]

    async def _send(self, send: Send, status: int, body: bytes, headers: Headers) -> None:
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _send_with_fault(self, receive: Receive, send: Send, answer: Answer, fault: Fault) -> None:
        headers = [_JSON, self._date_header(answer.now)]
        if fault.kind in ("http_502_html", "http_error"):
            status = HTTPStatus(fault.http_status)
            html = _HTML.format(f"{status.value} {status.phrase}").encode()
            await self._send(send, status.value, html, [(b"content-type", b"text/html"), headers[1]])
        elif fault.kind == "connection_reset":
            await _reset(receive, send)
        elif fault.kind == "truncated_json":
            await self._send(send, answer.status, answer.body[: len(answer.body) // 2], headers)
        elif fault.kind == "slow_body":
            await _drip(send, answer, headers, fault.pause)
        elif not await _is_gone_within(receive, fault.pause):
            await self._send(send, answer.status, answer.body, headers)


def _base_url(scope: Scope) -> str:
    """How the caller reaches this server, for addresses inside answers."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return f"{scope.get('scheme', 'http')}://{host.decode('latin-1')}"


async def _read(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _drip(send: Send, answer: Answer, headers: Headers, seconds: float) -> None:
    body = answer.body
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    step = max(1, len(body) // 10)
    for start in range(0, len(body), step):
        await asyncio.sleep(seconds / 10)
        await send({"type": "http.response.body", "body": body[start : start + step], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _is_gone_within(receive: Receive, seconds: float) -> bool:
    """Whether the caller hangs up before `seconds` have passed."""
    try:
        await asyncio.wait_for(receive(), seconds)
    except TimeoutError:
        return False
    return True


async def _reset(receive: Receive, send: Send) -> None:
    """Close with RST instead of FIN. ASGI knows no such thing, so this reaches for uvicorn's transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("connection_reset needs a server whose transport can be reached (uvicorn)")
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await receive()  # the server itself must notice before this call may end
