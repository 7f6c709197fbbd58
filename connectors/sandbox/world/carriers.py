"""Who carries parcels where: invented carriers per region, and how each writes the times of its scans.

Belongs here: what never changes about carriers. Does not belong here: parcels (see `parcels`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Carrier:
    """`writes_dates`: scans are dated in text instead of epoch seconds; the platform passes on what it gets."""

    number: int
    name: str
    brand: str
    prefix: str
    writes_dates: bool = False

    def time_text(self, instant: int) -> str:
        """A scan's time as this carrier reports it."""
        if self.writes_dates:
            return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return str(instant)


_UNITED_STATES = (
    Carrier(101, "Blue Van Express", "Blue Van", "BV"),
    Carrier(102, "Postal One", "Postal One", "PO"),
    Carrier(103, "Quick Road Parcel", "Quick Road", "QR", writes_dates=True),
)
_GERMANY = (Carrier(201, "Rheinpaket", "Rheinpaket", "RP"), Carrier(202, "Nordbote", "Nordbote", "NB", True))
_UNITED_KINGDOM = (Carrier(301, "Albion Post", "Albion", "AP"), Carrier(302, "Thames Courier", "Thames", "TC"))
_ELSEWHERE = (Carrier(901, "World Parcel", "World Parcel", "WP"),)
_BY_REGION = {211: _UNITED_STATES, 76: _GERMANY, 210: _UNITED_KINGDOM}


def carriers_in(region_id: int) -> tuple[Carrier, ...]:
    """Carriers that serve a region of API appendix A."""
    return _BY_REGION.get(region_id, _ELSEWHERE)
