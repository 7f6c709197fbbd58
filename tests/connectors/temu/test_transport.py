"""The lean transport: framing, keep-alive, and every way in which a server may leave."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from connectors.temu.transport import LeanTransport, build_http

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


class Server:
    """Answers each request with the next of `answers` (raw bytes; None = hang up) and counts its connections."""

    def __init__(self, *answers: bytes | None, close_after: bool = False) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.close_after = close_after

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])
                self.requests.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0) if self.answers else None
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if self.close_after:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def _against(server: Server, **timeouts: float) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/router"
    async with httpx.AsyncClient(transport=LeanTransport(), timeout=timeouts.get("timeout", 5)) as client:
        yield client, url
    listening.close()


def _sized(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body])


async def test_a_sized_answer_is_read_and_its_connection_used_again() -> None:
    server = Server(_sized(b'{"a":1}', b"Date: Thu, 01 Jan 2026 00:00:00 GMT"), _sized(b"x" * 500_000))
    async with _against(server) as (client, url):
        first = await client.post(url, content=b"one")
        second = await client.post(url, content=b"two")
    assert (first.json(), first.headers["date"][:3], len(second.content)) == ({"a": 1}, "Thu", 500_000)
    assert server.connections == 1
    assert [request.rpartition(b"\r\n\r\n")[2] for request in server.requests] == [b"one", b"two"]
    assert server.requests[0].startswith(b"POST /router HTTP/1.1\r\n")


async def test_a_chunked_and_compressed_answer_is_put_together() -> None:
    packed = gzip.compress(b"hello world")
    chunks = b"%x\r\n%s\r\n%x;ext=1\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (5, packed[:5], len(packed) - 5, packed[5:])
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    server = Server(head + chunks, _sized(b"next"))
    async with _against(server) as (client, url):
        assert (await client.post(url, content=b"")).text == "hello world"
        assert (await client.post(url, content=b"")).text == "next"
    assert server.connections == 1


async def test_an_answer_without_length_ends_with_its_connection() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\n\r\nall of it", _sized(b"next"), close_after=True)
    async with _against(server) as (client, url):
        assert (await client.post(url, content=b"")).text == "all of it"
        assert (await client.post(url, content=b"")).text == "next"
    assert server.connections == 2


async def test_interim_answers_are_passed_over_and_empty_ones_have_no_body() -> None:
    server = Server(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", _sized(b"next"))
    async with _against(server) as (client, url):
        assert (await client.post(url, content=b"")).status_code == 204
        assert (await client.post(url, content=b"")).text == "next"


async def test_a_connection_that_was_closed_while_idle_is_replaced() -> None:
    server = Server(_sized(b"one"), None, _sized(b"two"))
    async with _against(server) as (client, url):
        assert (await client.post(url, content=b"")).text == "one"
        assert (await client.post(url, content=b"")).text == "two"
    assert server.connections == 2


async def test_the_server_may_ask_to_close() -> None:
    server = Server(_sized(b"one", b"Connection: close"), _sized(b"two"))
    async with _against(server) as (client, url):
        assert (await client.post(url, content=b"")).text == "one"
        assert (await client.post(url, content=b"")).text == "two"
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"gibberish\r\n\r\n",
    ],
    ids=["nothing", "short body", "bad chunk", "short head", "no status"],
)
async def test_a_cut_or_malformed_answer_is_a_protocol_error(answer: bytes | None) -> None:
    async with _against(Server(answer, close_after=True)) as (client, url):
        with pytest.raises(httpx.TransportError):
            await client.post(url, content=b"")


async def test_a_silent_server_times_out() -> None:
    class Silent(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

    async with _against(Silent(), timeout=0.05) as (client, url):
        with pytest.raises(httpx.ReadTimeout):
            await client.post(url, content=b"")


async def test_a_refused_connection_is_a_connect_error() -> None:
    async with httpx.AsyncClient(transport=LeanTransport()) as client:
        with pytest.raises(httpx.ConnectError):
            await client.post("http://127.0.0.1:9/", content=b"")


async def test_many_requests_at_once_get_their_own_answers() -> None:
    class Echo(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            try:
                while head := await reader.readuntil(b"\r\n\r\n"):
                    length = int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])
                    writer.write(_sized(await reader.readexactly(length)))
            except asyncio.IncompleteReadError:
                writer.close()

    server = Echo()
    async with _against(server) as (client, url):
        answers = await asyncio.gather(*(client.post(url, content=str(n).encode()) for n in range(50)))
    assert [answer.text for answer in answers] == [str(n) for n in range(50)]


async def test_behind_a_proxy_the_usual_transport_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example.invalid:3128")
    async with build_http(timeout_seconds=1) as proxied:
        assert not isinstance(proxied._transport, LeanTransport)
    monkeypatch.delenv("https_proxy")
    async with build_http(timeout_seconds=1) as direct:
        assert isinstance(direct._transport, LeanTransport)
