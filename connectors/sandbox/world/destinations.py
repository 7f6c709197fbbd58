"""Where buyers live: the states of the countries that shops sell to, each as likely as its share of the population.

Belongs here: country, state and city as the detail of an order names them (API section 8.5). An order's state has dice
of its own, so nothing else in a world depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from connectors.sandbox.world.lifecycle import Order


@dataclass(frozen=True, slots=True)
class Country:
    """`people` are inhabitants of each state in hundreds of thousands; the one `city` is invented for all of them."""

    name: str
    city: str
    people: dict[str, int]


@dataclass(frozen=True, slots=True)
class Destination:
    """What the platform tells of a buyer's address: `regionName1` to `regionName3`."""

    country: str
    state: str
    city: str


_UNITED_STATES = Country(
    "United States",
    "Springfield",
    {
        "California": 390, "Texas": 305, "Florida": 226, "New York": 196, "Pennsylvania": 130, "Illinois": 125,
        "Ohio": 118, "Georgia": 110, "North Carolina": 108, "Michigan": 100, "New Jersey": 93, "Virginia": 87,
        "Washington": 78, "Arizona": 74, "Tennessee": 71, "Massachusetts": 70, "Indiana": 69, "Maryland": 62,
        "Missouri": 62, "Wisconsin": 59, "Colorado": 59, "Minnesota": 57, "South Carolina": 54, "Alabama": 51,
        "Louisiana": 46, "Kentucky": 45, "Oregon": 42, "Oklahoma": 41, "Connecticut": 36, "Utah": 34, "Iowa": 32,
        "Nevada": 32, "Arkansas": 31, "Kansas": 29, "Mississippi": 29, "New Mexico": 21, "Nebraska": 20, "Idaho": 20,
        "West Virginia": 18, "Hawaii": 14, "New Hampshire": 14, "Maine": 14, "Montana": 11, "Rhode Island": 11,
        "Delaware": 10, "South Dakota": 9, "North Dakota": 8, "Alaska": 7, "District of Columbia": 7, "Vermont": 6,
        "Wyoming": 6,
    },
)  # fmt: skip
_GERMANY = Country(
    "Germany",
    "Neustadt",
    {
        "Nordrhein-Westfalen": 181, "Bayern": 134, "Baden-Württemberg": 113, "Niedersachsen": 81, "Hessen": 64,
        "Rheinland-Pfalz": 42, "Sachsen": 41, "Berlin": 38, "Schleswig-Holstein": 30, "Brandenburg": 26,
        "Sachsen-Anhalt": 22, "Thüringen": 21, "Hamburg": 19, "Mecklenburg-Vorpommern": 16, "Saarland": 10,
        "Bremen": 7,
    },
)  # fmt: skip
_UNITED_KINGDOM = Country(
    "United Kingdom", "Newport", {"England": 577, "Scotland": 55, "Wales": 32, "Northern Ireland": 19}
)
_BY_REGION = {211: _UNITED_STATES, 76: _GERMANY, 210: _UNITED_KINGDOM}


def destination_of(order: Order, region_id: int) -> Destination | None:
    """Where an order goes, by its number alone; None for a region of API appendix A in which nobody buys."""
    if region_id not in _BY_REGION:
        return None
    country = _BY_REGION[region_id]
    [state] = Random(f"{order.sn}/destination").choices(list(country.people), list(country.people.values()))
    return Destination(country.name, state, country.city)
