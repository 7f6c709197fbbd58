"""What is sold: families of articles, launched and fading over time, and each shop's listing of them.

Belongs here: names, codes, ids, prices, popularity over time. Does not belong here: stock (see `stock`).
Days in this module count from the world's opening day; families launched before it have negative days.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from connectors.sandbox.world.shops import ShopProfile

FADE_TAIL_DAYS = 45
SERIES_START = 100
SERIES_INTERVAL_DAYS = 16

_WHITE_BLACK = (("WHT", "White"), ("BLK", "Black"))
_PAIRS = {
    "yoga": (("PUR", "Purple"), ("TEAL", "Teal")),
    "pet": (("S", "Grey / S"), ("M", "Grey / M")),
    "curtain": (("NVY", "Navy"), ("BEI", "Beige")),
    "scarf": (("RED", "Red"), ("GRN", "Green")),
    "lunch": (("PNK", "Pink"), ("BLU", "Blue")),
}
_SIZES = (("BLK-M", "Black / M"), ("BLK-L", "Black / L"), ("GRY-M", "Grey / M"))
_ONE = (("STD", "1 pc"),)

# stem, title, category, variants, unit cost in CNY, popularity
_BASE: tuple[tuple[str, str, str, tuple[tuple[str, str], ...], float, float], ...] = (
    ("TUMBLER", "Insulated Steel Tumbler with Straw Lid, Leakproof, 600 ml", "Kitchen", _WHITE_BLACK, 26.0, 10.0),
    ("TEE", "Men's Quick Dry Crew Neck T-Shirt, Breathable Short Sleeve Sports Top", "Apparel", _SIZES, 18.5, 9.0),
    ("LAMP", "Rechargeable LED Desk Lamp, Three Colours, Touch Dimmer", "Home", _WHITE_BLACK, 38.0, 7.5),
    ("ORGANIZER", "Stackable Drawer Organizer Set of Six, Clear Storage Boxes", "Home", _ONE, 29.0, 7.0),
    ("YOGAMAT", "Non-Slip Yoga Mat 6 mm with Carry Strap, Exercise Mat", "Sports", _PAIRS["yoga"], 33.0, 6.0),
    ("CABLE", "Braided USB-C Fast Charging Cable Two Pack, 60 W, 2 m", "Electronics", _ONE, 12.5, 6.0),
    ("KNIFESET", "Five Piece Kitchen Knife Set with Block, High Carbon Stainless Steel", "Kitchen", _ONE, 62.0, 4.5),
    ("PETBED", "Washable Calming Pet Bed, Plush Cushion for Cats and Dogs", "Pets", _PAIRS["pet"], 41.0, 4.5),
    ("BACKPACK", "Water Resistant Laptop Backpack 15.6 Inch with USB Port", "Bags", _WHITE_BLACK, 55.0, 4.0),
    ("MUG", "Ceramic Coffee Mug 350 ml with Bamboo Lid and Spoon", "Kitchen", _WHITE_BLACK, 14.0, 4.0),
    ("SOLAR", "Solar Garden Lights Eight Pack, Waterproof Pathway Lamps", "Garden", _ONE, 47.0, 3.5),
    ("EARBUDS", "Wireless Earbuds with Charging Case, 30 h Playtime", "Electronics", _WHITE_BLACK, 52.0, 3.5),
    ("CURTAIN", "Blackout Curtains Two Panels, Thermal Insulated, 140 x 240 cm", "Home", _PAIRS["curtain"], 49.0, 3.0),
    ("PUZZLE", "Wooden Puzzle 1000 Pieces for Adults and Children", "Toys", _ONE, 24.0, 2.5),
    ("SCARF", "Soft Knitted Winter Scarf, Long Warm Shawl", "Apparel", _PAIRS["scarf"], 16.0, 2.5),
    ("TOOLKIT", "Household Tool Kit 46 Pieces in Carrying Case", "Tools", _ONE, 68.0, 2.0),
    ("BRUSHES", "Make-up Brush Set 14 Pieces with Pouch", "Beauty", _ONE, 21.0, 2.0),
    ("SCALE", "Digital Kitchen Scale 5 kg with Tare Function", "Kitchen", _ONE, 23.0, 1.5),
)  # fmt: skip

_SERIES: tuple[tuple[str, str, str, tuple[tuple[str, str], ...], float, float], ...] = (
    ("AIRFRYERLINER", "Reusable Silicone Air Fryer Liners, Set of Three, Dishwasher Safe", "Kitchen", _ONE, 17.0, 7.5),
    ("FAN", "Portable Neck Fan, Bladeless, Rechargeable, Three Speeds", "Electronics", _WHITE_BLACK, 36.0, 6.5),
    ("LUNCHBOX", "Bento Lunch Box with Cutlery, Four Compartments, Leakproof", "Kitchen", _PAIRS["lunch"], 22.0, 6.0),
    ("MASSAGER", "Cordless Neck and Shoulder Massager with Heat", "Health", _ONE, 74.0, 5.0),
    ("PLUSH", "Weighted Plush Dinosaur 50 cm, Soft Stuffed Animal", "Toys", _ONE, 31.0, 6.0),
    ("VACUUM", "Mini Handheld Car Vacuum Cleaner, 9000 Pa, Cordless", "Car", _WHITE_BLACK, 58.0, 5.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Family:
    """A style with its variants; `launch` and `fade` are days since opening, `cost` is CNY per unit."""

    key: int
    stem: str
    title: str
    category: str
    variants: tuple[tuple[str, str], ...]
    cost: float
    popularity: float
    launch: int
    fade: int


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """One SKU in one shop. Prices are minor units of the shop's currency; `code` is the seller's code as shown."""

    shop: ShopProfile
    family: Family
    variant: int
    article: str
    code: str | None
    goods_id: int
    sku_id: int
    product_id: int
    product_sku_id: int
    price: int
    price_change_day: int
    launch: int

    @property
    def spec(self) -> str:
        """The variant as the buyer sees it."""
        return self.family.variants[self.variant][1]

    def price_on(self, day: int) -> int:
        """Supply (base) price in minor units: some listings become 8 % cheaper once."""
        return self.price if day < self.price_change_day else self.price * 92 // 100

    def popularity_on(self, day: int) -> float:
        """Relative demand: two weeks of ramp after launch, exponential decline after the fade day."""
        if not self.is_listed_on(day) or day >= self.family.fade + FADE_TAIL_DAYS:
            return 0.0
        share = self.family.popularity / len(self.family.variants) * (1.0 - 0.18 * self.variant)
        ramp = min(1.0, (day - self.launch + 3) / 14)
        decline = math.exp(-max(0, day - self.family.fade) / 15)
        return share * ramp * decline

    def is_listed_on(self, day: int) -> bool:
        """Whether the shop has created this listing yet."""
        return day >= self.launch

    def is_retired_on(self, day: int) -> bool:
        """Whether the seller has taken it off sale for good."""
        return day >= self.family.fade + FADE_TAIL_DAYS


@lru_cache(maxsize=4096)
def _base_family(key: int) -> Family:
    stem, title, category, variants, cost, popularity = _BASE[key]
    dying = key % 5 == 3
    fade = 14 + 4 * key if dying else 260 + 35 * key
    return Family(key, stem, title, category, variants, cost, popularity, -30 - 23 * key, fade)


@lru_cache(maxsize=4096)
def _series_family(n: int) -> Family:
    """The n-th launch after opening; the list of ideas is used again with a higher series number."""
    stem, title, category, variants, cost, popularity = _SERIES[n % len(_SERIES)]
    series = n // len(_SERIES) + 1
    launch = 9 + SERIES_INTERVAL_DAYS * n
    return Family(
        SERIES_START + n, f"{stem}{series}", f"{title}, Series {series}", category, variants,
        cost + 1.5 * (series - 1), popularity, launch, launch + 75 + n * 37 % 90,
    )  # fmt: skip


def families(until: int) -> Iterator[Family]:
    """Every family launched up to the day `until` (days since opening)."""
    for key in range(len(_BASE)):
        yield _base_family(key)
    n = 0
    while _series_family(n).launch <= until:
        yield _series_family(n)
        n += 1


def is_carried(shop: ShopProfile, family: Family) -> bool:
    """Not every shop sells everything; the choice depends on the two numbers alone."""
    return (family.key * 7 + shop.number * 3) % 10 != 0


def listings(shop: ShopProfile, until: int) -> Iterator[Listing]:
    """The shop's listings created up to the day `until`, oldest family first."""
    for family in families(until):
        if is_carried(shop, family):
            for variant in range(len(family.variants)):
                listing = _listing(shop, family, variant)
                if listing.is_listed_on(until):
                    yield listing


@lru_cache(maxsize=65536)
def _listing(shop: ShopProfile, family: Family, variant: int) -> Listing:
    article = f"{family.stem}-{family.variants[variant][0]}"
    base = family.cost * (2.6 if shop.is_local else 2.3) / shop.cny_rate
    offset = shop.number * 10**9 + family.key * 100
    seller_offset = shop.number * 10**7 + family.key * 100
    change = 35 + family.key * 5 if family.key % 4 == 1 else 10**6
    return Listing(
        shop=shop, family=family, variant=variant, article=article, code=_shown_code(shop, family, article),
        goods_id=600_000_000_000_000 + offset, sku_id=17_000_000_000_000 + offset + variant + 1,
        product_id=5_000_000_000 + seller_offset, product_sku_id=8_000_000_000 + seller_offset + variant + 1,
        price=round(base * 100) - round(base * 100) % 5, price_change_day=change,
        launch=family.launch + (shop.number * 3 if family.launch > 0 else 0),
    )  # fmt: skip


def _shown_code(shop: ShopProfile, family: Family, article: str) -> str | None:
    """Local shops were careless with two families: one has no seller code, one only a placeholder (rule N2)."""
    if shop.is_local and family.stem == "CABLE":
        return None
    if shop.is_local and family.stem == "BRUSHES":
        return "1PC"
    return article
