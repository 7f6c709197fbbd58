"""A proxy per gateway: its shops go through it on few connections, all others do not know of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.sync import SyncReport
from tests.connectors.sync.conftest import open_second_gateways


class Proxy(ThreadingHTTPServer):
    """Forwards requests with an absolute address; counts them and its connections."""

    daemon_threads = True

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.connections = 0
        super().__init__(("127.0.0.1", 0), Forwarder)

    @property
    def url(self) -> str:
        """Its address, with a user."""
        return f"http://acme:secret@127.0.0.1:{self.server_port}"


class Forwarder(BaseHTTPRequestHandler):
    """One connection of the proxy."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        self.server.requests.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = httpx.post(self.path, content=body, headers={"Content-Type": "application/json"}, trust_env=False)
        self.send_response_only(answer.status_code)
        self.send_header("Date", answer.headers["Date"])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    server = Proxy()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_only_shops_of_the_gateway_go_through_its_proxy_and_share_its_connections(desk, proxy: Proxy) -> None:
    desk.settings.proxy_eu = SecretStr(proxy.url)
    others = [shop.shop_name for shop in desk.shops if shop.gateway != "EU"]
    european = [shop.shop_name for shop in desk.shops if shop.gateway == "EU"]
    assert european
    assert others
    assert all(isinstance(one, SyncReport) for one in desk.sync(shops=others, streams=["orders"]))
    assert proxy.requests == []
    assert all(isinstance(one, SyncReport) for one in desk.sync(shops=european, streams=["orders", "order_amounts"]))
    assert len(proxy.requests) > 2 * desk.settings.requests_in_flight
    assert proxy.connections <= desk.settings.requests_in_flight * len(european)


def test_a_second_gateway_goes_through_its_own_proxy(desk, gateway, proxy: Proxy) -> None:
    open_second_gateways(desk, gateway)
    desk.settings.proxy_partner = SecretStr(proxy.url)
    told = desk.sync(streams=["orders", "partner_goods"])
    assert all(isinstance(one, SyncReport) for one in told)
    assert {one.stream for one in told} == {"orders", "partner_goods"}
    assert {path.split("/")[3] for path in proxy.requests} == {"PARTNER"}


@pytest.mark.parametrize("address", ["proxy.example", "socks4://:pass@proxy:1", "http://"])
def test_a_proxy_that_is_no_address_is_named_without_its_password(desk, address: str) -> None:
    desk.settings.proxy_us = SecretStr(address)
    with pytest.raises(ConfigurationError, match="OMNI_PROXY_US") as caught:
        desk.sync(streams=["orders"])
    assert "pass@" not in str(caught.value)
