"""A small sandbox with a frozen clock, and a seller who signs calls by API section 6.1, written out anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.gateway import Gateway
from connectors.sandbox.sandbox import Options, Sandbox

NOW = 1795161600  # 2026-11-20T08:00:00Z
BOTH = ["fulfillBySeller", "fulfillByCooperativeWarehouse"]


def md5_sign(parameters: dict[str, Any], secret: str) -> str:
    """Strings as they are, everything else as compact JSON; sorted by key, between two secrets."""
    text = secret
    for key, value in sorted(parameters.items()):
        text += key + (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        )
    return hashlib.md5((text + secret).encode(), usedforsecurity=False).hexdigest().upper()


@dataclass
class FrozenTime:
    """Real time as the sandbox sees it; only tests move it."""

    seconds: float = float(NOW)

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Seller:
    """One shop's credentials and the calls it makes."""

    gateway: Gateway
    number: int
    time: FrozenTime
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def shop(self) -> Any:
        return self.gateway.sandbox.world.shops[self.number]

    def body(self, type_: str, /, secret: str | None = None, **parameters: Any) -> dict[str, Any]:
        """A signed body; a parameter given as None is left out."""
        credentials = self.gateway.sandbox.tokens.credentials(self.shop)
        common = {
            "type": type_,
            "app_key": credentials.app_key,
            "access_token": credentials.access_token,
            "timestamp": int(self.gateway.sandbox.clock.now()),
            "data_type": "JSON",
        }
        body = {key: value for key, value in (common | parameters).items() if value is not None}
        return body | {"sign": md5_sign(body, secret or credentials.app_secret)}

    def send(self, body: dict[str, Any], region: str | None = None) -> dict[str, Any]:
        """The envelope that answers this body."""
        answer = self.gateway.answer(region or self.shop.profile.gateway, json.dumps(body).encode())
        envelope: dict[str, Any] = json.loads(answer.body)
        return envelope

    def call(self, type_: str, /, **parameters: Any) -> Any:
        """The result of a call that must succeed."""
        envelope = self.send(self.body(type_, **parameters))
        assert envelope["success"], envelope
        assert envelope["errorCode"] == 1000000
        return envelope["result"]

    def refusal(self, type_: str, /, **parameters: Any) -> int:
        """The code of a call that must be refused."""
        envelope = self.send(self.body(type_, **parameters))
        assert not envelope["success"], envelope
        assert "result" not in envelope
        code: int = envelope["errorCode"]
        return code

    def pages(self, **parameters: Any) -> list[dict[str, Any]]:
        """All order items of a window, page by page until an empty one."""
        items: list[dict[str, Any]] = []
        size = parameters.pop("pageSize", 100)
        number = 1
        while page := self.call("bg.order.list.v2.get", pageNumber=number, pageSize=size, **parameters)["pageItems"]:
            items += page
            number += 1
        return items


Opener = Callable[..., Gateway]


@pytest.fixture(scope="session")
def open_gateway(tmp_path_factory: pytest.TempPathFactory) -> Opener:
    """Opens a small sandbox; keyword arguments override its options, `time` its clock."""

    def opener(folder: Path | None = None, time: FrozenTime | None = None, **options: Any) -> Gateway:
        chosen = {"seed": 7, "days": 45, "orders_per_day": 5.0, "now": NOW, "quota": 0.0} | options
        return Gateway(Sandbox(Options(folder or tmp_path_factory.mktemp("sandbox"), **chosen), time or FrozenTime()))

    return opener


@pytest.fixture(scope="session")
def gateway(open_gateway: Opener) -> Gateway:
    """A gateway that all tests share: look, but change nothing."""
    return open_gateway()


@pytest.fixture
def own_gateway(open_gateway: Opener) -> Gateway:
    """A gateway that a test may change."""
    return open_gateway(days=12)


@pytest.fixture
def seller(gateway: Gateway) -> Seller:
    """The US local shop."""
    return Seller(gateway, 0, FrozenTime())


@pytest.fixture
def sellers(gateway: Gateway) -> list[Seller]:
    """All four shops."""
    return [Seller(gateway, number, FrozenTime()) for number in range(4)]


@pytest.fixture
def seller_of() -> Callable[..., Seller]:
    """Makes a seller for any gateway."""
    return lambda gateway, number=0: Seller(gateway, number, FrozenTime())


@pytest.fixture
def both() -> list[str]:
    """Both fulfilment types: without them cooperative lines stay hidden."""
    return BOTH
