"""A downloaded file has the words of a link, not its HTML."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('<a href="/superset/dashboard/orders/?native_filters=()">L&#39;Étoile &amp; Co</a>', "L'Étoile & Co"),
        ("<a>L&#39;Étoile</a>", "L'Étoile"),
        ("<b>text</b>", "<b>text</b>"),
        ("plain", "plain"),
        (None, None),
        (3, 3),
    ],
)
def test_only_a_whole_anchor_loses_its_address(superset_modules: None, cell: object, expected: object) -> None:
    from exports import without_anchor

    assert without_anchor(cell) == expected
