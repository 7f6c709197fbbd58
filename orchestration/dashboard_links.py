"""The address of a dashboard with its filters set, as the page itself reads it.

Belongs here: the `native_filters=(…)` part of an address, from names and values. The same in SQL, for links inside
tables, is superset/links.py; a test holds the two together. Which filter exists: superset/assets/native_filters.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import yaml

from orchestration.dashboards import ASSETS

FILTER_PREFIX = "NATIVE_FILTER-"
FilterValues = Mapping[str, Sequence[str]]
"""Filter as native_filters.yaml spells it, without its prefix → the values that are let through."""


def dashboard_path(slug: str, filters: FilterValues | None = None) -> str:
    """Path and query below the address of Superset. A time filter takes one value, such as `Last 7 days` or
    `2026-02-01 : 2026-03-01` (Beijing days, the end excluded); a filter without values is left at its default.

    Raises:
        KeyError: no filter has this name.
    """
    masks = [_mask(filter_specs()[name], values) for name, values in (filters or {}).items() if values]
    query = f"?native_filters=({','.join(masks)})" if masks else ""
    return f"/superset/dashboard/{quote(slug)}/{query}"


@lru_cache(maxsize=1)
def filter_specs() -> dict[str, dict[str, Any]]:
    """Name → the filter as its file describes it."""
    found = yaml.safe_load((ASSETS / "native_filters.yaml").read_text(encoding="utf-8"))
    return {one["id"].removeprefix(FILTER_PREFIX): one for one in found}


def _mask(spec: dict[str, Any], values: Sequence[str]) -> str:
    identity, texts = spec["id"], [_text(value) for value in values]
    if spec["filterType"] == "filter_time":
        [state] = texts
        data = f"(time_range:{state})"
    else:
        state = f"!({','.join(texts)})"
        data = f"(filters:!((col:{spec['column']},op:IN,val:{state})))"
    return f"{identity}:(id:{identity},extraFormData:{data},filterState:(value:{state}),ownState:())"


def _text(value: str) -> str:
    """A string in rison, its quotes and marks made safe, for a place in an address."""
    return f"%27{quote(value.replace('!', '!!').replace(chr(39), '!' + chr(39)), safe='')}%27"
