"""An address made here is the address that a link inside a table has, and every value survives it."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.dashboard_links import dashboard_path

SELECTED = re.compile(r"val:!\('(.*)'\)\)\)\),filterState:\(value:!\('(.*)'\)\),ownState:\(\)\)\)$", re.DOTALL)


@given(sku=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_any_value_comes_back_from_the_address(sku: str) -> None:
    path = dashboard_path("orders", {"sku": [sku]})
    assert not set(path) & set(" \"'<>&#+\\`")
    found = SELECTED.search(unquote(path))
    assert found is not None
    assert [re.sub("!(.)", r"\1", one, flags=re.DOTALL) for one in found.groups()] == [sku, sku]


def test_it_reads_like_the_links_inside_tables() -> None:
    path = dashboard_path("gmv", {"date_range": ["2026-02-28 : 2026-03-01"], "shop": ["Acme US", "店"]})
    assert unquote(path) == (
        "/superset/dashboard/gmv/?native_filters=("
        "NATIVE_FILTER-date_range:(id:NATIVE_FILTER-date_range,extraFormData:(time_range:'2026-02-28 : 2026-03-01'),"
        "filterState:(value:'2026-02-28 : 2026-03-01'),ownState:()),"
        "NATIVE_FILTER-shop:(id:NATIVE_FILTER-shop,extraFormData:"
        "(filters:!((col:shop_name,op:IN,val:!('Acme US','店')))),"
        "filterState:(value:!('Acme US','店')),ownState:()))"
    )


def test_without_values_the_dashboard_opens_with_its_defaults() -> None:
    assert dashboard_path("gmv") == dashboard_path("gmv", {"shop": []}) == "/superset/dashboard/gmv/"


def test_a_filter_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        dashboard_path("gmv", {"shpo": ["Acme"]})
