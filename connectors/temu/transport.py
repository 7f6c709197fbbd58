"""A lean HTTP/1.1 transport under httpx: the same client at a third of the CPU.

Belongs here: connections, framing, keep-alive. Does not belong here: anything above HTTP. Why it exists: with httpx's
own transport a page of 100 orders costs more CPU than decoding, hashing and packing it together.
Proxies are not its business: `build_http` takes httpx's transport where one is named.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.request import getproxies

import httpx

_BUFFER = 4 << 20
"""Bytes that may wait unread per connection before the peer is told to pause; more than a page of any stream."""

Origin = tuple[str, str, int]


@dataclass(slots=True)
class _Connection:
    """An open connection and since when it has been idle (monotonic seconds)."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    idle_since: float = field(default=0.0)

    def is_usable(self, expiry: float) -> bool:
        """Whether the peer has probably not hung up meanwhile."""
        fresh = time.monotonic() - self.idle_since < expiry
        return fresh and not self.reader.at_eof() and not self.writer.is_closing()


class LeanTransport(httpx.AsyncBaseTransport):
    """Keeps connections per origin; as many as requests are in flight, which the caller limits."""

    def __init__(self, *, keepalive_seconds: float = 60.0) -> None:
        self._expiry = keepalive_seconds
        self._idle: dict[Origin, list[_Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read its whole answer. Raises httpx's own exceptions."""
        body = await request.aread()
        message = _head(request, len(body)) + body
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
        origin = _origin(request.url)
        used = self._reusable(origin)
        if used:
            try:
                return await self._exchange(origin, used, message, limits, request)
            except _HungUpError:
                pass  # it was closed while idle, before anything was answered: a new connection is no repetition
        async with _failures(httpx.ConnectTimeout, httpx.ConnectError, limits.get("connect"), request):
            opened = await self._open(origin)
        try:
            return await self._exchange(origin, opened, message, limits, request)
        except _HungUpError as error:
            raise httpx.RemoteProtocolError("the server hung up without an answer", request=request) from error

    async def aclose(self) -> None:
        """Close every idle connection."""
        for connections in self._idle.values():
            for connection in connections:
                connection.writer.close()
        self._idle.clear()

    def _reusable(self, origin: Origin) -> _Connection | None:
        waiting = self._idle.get(origin, [])
        while waiting:
            connection = waiting.pop()
            if connection.is_usable(self._expiry):
                return connection
            connection.writer.close()
        return None

    async def _open(self, origin: Origin) -> _Connection:
        scheme, host, port = origin
        if scheme == "https" and self._tls is None:
            self._tls = httpx.create_ssl_context()
        tls = self._tls if scheme == "https" else None
        return _Connection(*await asyncio.open_connection(host, port, ssl=tls, limit=_BUFFER))

    async def _exchange(
        self,
        origin: Origin,
        connection: _Connection,
        message: bytes,
        limits: dict[str, float | None],
        request: httpx.Request,
    ) -> httpx.Response:
        keep = False
        try:
            async with _failures(httpx.ReadTimeout, httpx.ReadError, limits.get("read"), request):
                connection.writer.write(message)
                status, headers = await _read_head(connection.reader)
            async with _failures(httpx.ReadTimeout, httpx.ReadError, limits.get("read"), request):
                content, keep = await _read_body(connection.reader, status, headers)
        finally:
            if keep:
                connection.idle_since = time.monotonic()
                self._idle.setdefault(origin, []).append(connection)
            else:
                connection.writer.close()
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))


def build_http(*, timeout_seconds: float, proxy: str | None = None) -> httpx.AsyncClient:
    """The connections that all shops of a process share; close it when done. `proxy` wins over the environment's.

    ValueError for a proxy that is no http(s) address.
    """
    if proxy:
        if httpx.URL(proxy).scheme not in ("http", "https") or not httpx.URL(proxy).host:
            raise ValueError("not an http(s) address")
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60.0)
        return httpx.AsyncClient(timeout=timeout_seconds, proxy=proxy, limits=limits, trust_env=False)
    if getproxies():
        return httpx.AsyncClient(timeout=timeout_seconds)
    return httpx.AsyncClient(timeout=timeout_seconds, transport=LeanTransport())


class _HungUpError(Exception):
    """The connection ended before the first byte of an answer."""


_PORTS = {"http": 80, "https": 443}


@asynccontextmanager
async def _failures(
    late: type[httpx.TimeoutException], broken: type[httpx.NetworkError], seconds: float | None, request: httpx.Request
) -> AsyncIterator[None]:
    """The loop's errors as httpx's, within a time limit."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise late("", request=request) from None
    except OSError as error:
        raise broken(str(error), request=request) from error
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError) as error:
        raise httpx.RemoteProtocolError(f"the answer is cut or malformed: {error}", request=request) from error


def _origin(url: httpx.URL) -> Origin:
    if url.scheme not in _PORTS or not url.host:
        raise httpx.UnsupportedProtocol(f"{url} is no http(s) address")
    return url.scheme, url.host, url.port or _PORTS[url.scheme]


def _head(request: httpx.Request, length: int) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s" % (name, value) for name, value in request.headers.raw if name.lower() != b"content-length"]
    return b"\r\n".join([*lines, b"content-length: %d" % length, b"", b""])


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Status and headers; informational answers (1xx) are passed over."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise
            raise _HungUpError from error
        except ConnectionResetError as error:
            raise _HungUpError from error
        status_line, *lines = head[:-4].split(b"\r\n")
        status = int(status_line.split(b" ", 2)[1])
        if status >= 200:
            return status, [(name.strip(), value.strip()) for name, _, value in (one.partition(b":") for one in lines)]


async def _read_body(
    reader: asyncio.StreamReader, status: int, headers: list[tuple[bytes, bytes]]
) -> tuple[bytes, bool]:
    """The body as framed, and whether the connection may be used again."""
    known: dict[bytes, Any] = {name.lower(): value for name, value in headers}
    keep = known.get(b"connection", b"").lower() != b"close"
    if status in (204, 304):
        return b"", keep
    if b"chunked" in known.get(b"transfer-encoding", b"").lower():
        return await _read_chunks(reader), keep
    if b"content-length" in known:
        return await reader.readexactly(int(known[b"content-length"])), keep
    return await reader.read(), False


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers say nothing that we need
    return b"".join(chunks)
