"""A page without what its reader may not use. That access is refused in any case is proved in test_permissions.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

ANCHOR = '<a href="/superset/dashboard/{}/?native_filters=(NATIVE_FILTER-sku:(id:%3Cb%3E))">A &gt; B</a>'


@pytest.fixture
def page(superset_modules: None) -> Any:
    import page

    return page


def test_a_link_to_a_closed_dashboard_is_its_words_and_the_others_stay(page: Any) -> None:
    body = json.dumps({"data": [{"one": ANCHOR.format("sku"), "two": ANCHOR.format("orders")}]}).encode()
    [row] = json.loads(page.without_links(body, lambda slug: slug == "orders"))["data"]
    assert row == {"one": "<a>A &gt; B</a>", "two": ANCHOR.format("orders")}


def test_an_answer_without_links_stays_as_it_is(page: Any) -> None:
    body = json.dumps({"data": [{"one": "a href", "two": '<a href="https://example.com">x</a>'}]}).encode()
    assert page.without_links(body, lambda _slug: False) == body
