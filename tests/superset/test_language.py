"""Words of Superset's front end that no catalogue of it has."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("superset_modules")
FILTER = 'g=(e,t="col",n)=>h(e,t),k=(e,t="col")=>{let n=e.split(d);return`${f(n[0])} ≤ ${t} < ${f(n[1])}`}'


def test_the_dates_of_a_filter_have_a_name_in_both_languages(tmp_path: Path) -> None:
    from language import named_dates

    script = tmp_path / "1.chunk.js"
    script.write_text(FILTER, encoding="utf-8")
    assert named_dates(script) == FILTER.replace('"col"', '"日期 Date"').encode()


def test_other_scripts_are_left_to_superset(tmp_path: Path) -> None:
    from language import named_dates

    script = tmp_path / "2.chunk.js"
    script.write_text('ry("col",null,1)', encoding="utf-8")
    assert named_dates(script) is None
    assert named_dates(tmp_path / "missing.chunk.js") is None
