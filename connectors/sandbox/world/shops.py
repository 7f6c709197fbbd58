"""Who sells: the shops of the invented company, their sites, and the credentials they would have been given.

Belongs here: what never changes in a shop. Does not belong here: what it sells (see `catalogue`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

DAY = 86_400


@dataclass(frozen=True, slots=True)
class ShopProfile:
    """One shop. `currency` is that of its prices, `cny_rate` the rough CNY per unit that its prices were set with.

    `withheld` are operations that its seller has not granted.
    """

    number: int
    name: str
    mall_id: int
    region: str
    gateway: str
    region_id: int
    site_id: int
    currency: str
    cny_rate: float
    business_model: str
    entity: str
    timezone: str
    utc_offset_hours: int
    default_manager: str | None
    settlement_lag_days: int
    volume: float
    withheld: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Local shops may see order money and partial statuses (API sections 2.5 and 8.1)."""
        return self.business_model == "local"

    @property
    def order_prefix(self) -> str:
        """The three digits of the region inside every order number."""
        return f"{self.region_id:03d}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Invented, and still kept out of reprs: habits matter."""

    app_key: str
    app_secret: str = field(repr=False)
    access_token: str = field(repr=False)


DEFAULT_SHOPS: tuple[ShopProfile, ...] = (
    ShopProfile(
        1, "Harbor Home US", 690000000000001, "US", "US", 211, 100, "USD", 7.1, "local",
        "Harborline Trading LLC", "America/Los_Angeles", -8, "Kim Lee", 8, 1.35,
    ),
    ShopProfile(
        2, "Nordlicht DE", 690000000000002, "DE", "EU", 76, 106, "EUR", 7.8, "local",
        "Nordlicht Handels GmbH", "Europe/Berlin", 1, None, 10, 1.0,
    ),
    ShopProfile(
        3, "Thames Living UK", 690000000000003, "UK", "EU", 210, 110, "GBP", 9.1, "local",
        "Thames Living Ltd", "Europe/London", 0, "Emma Brown", 8, 0.75, withheld=("temu.track.trackinginfo.get",),
    ),
    ShopProfile(
        4, "Pacific Select US", 690000000000004, "US", "US", 211, 100, "CNY", 1.0, "semi",
        "深圳远帆电子商务有限公司", "America/Los_Angeles", -8, "王芳", 8, 0.9,
    ),
)  # fmt: skip

LOAD_SHOP = ShopProfile(
    90, "Load US", 690000000000090, "US", "US", 211, 100, "USD", 7.1, "local",
    "Load Test LLC", "America/Los_Angeles", -8, None, 8, 1.0,
)  # fmt: skip


def digits(*parts: object, length: int, alphabet: str = "0123456789abcdef") -> str:
    """A stable string of `length` characters derived from `parts`."""
    text = "/".join(map(str, parts))
    number = int.from_bytes(hashlib.shake_256(text.encode()).digest(length * 2), "big")
    out = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        out.append(alphabet[index])
    return "".join(out)


def app_credentials(seed: int, gateway: str) -> tuple[str, str]:
    """Key (32 hex digits) and secret (40 hex digits) of the company's app on one gateway (API section 2.2)."""
    return digits("app", seed, gateway, length=32), digits("secret", seed, gateway, length=40)


def access_token(seed: int, shop: ShopProfile, gateway: str, generation: int) -> str:
    """The shop's token on a gateway; each new authorisation is a new `generation` and kills the ones before."""
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    where = () if gateway == shop.gateway else (gateway,)
    return digits("token", seed, shop.mall_id, *where, generation, length=59, alphabet=alphabet)


def authorisation_code(seed: int, shop: ShopProfile, generation: int) -> str:
    """The code for the token that follows `generation` (API section 2.1)."""
    return digits("code", seed, shop.mall_id, generation, length=32)
