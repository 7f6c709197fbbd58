"""Words of Superset's front end that no catalogue of it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.superset.installation import SUPERSET, Installation

pytestmark = pytest.mark.usefixtures("superset_modules")
FILTER = 'g=(e,t="col",n)=>h(e,t),k=(e,t="col")=>{let n=e.split(d);return`${f(n[0])} ≤ ${t} < ${f(n[1])}`}'


def test_the_dates_of_a_filter_have_a_name_in_both_languages(tmp_path: Path) -> None:
    from language import reworded

    script = tmp_path / "1.chunk.js"
    script.write_text(FILTER, encoding="utf-8")
    assert reworded(script) == FILTER.replace('"col"', '"日期 Date"').encode()


def test_the_months_of_a_calendar_are_numbers_in_both_languages(tmp_path: Path) -> None:
    from language import reworded

    script = tmp_path / "3.chunk.js"
    script.write_text('month:{format:{date:"%B %Y",legend:"%B",connector:"in"}}', encoding="utf-8")
    assert reworded(script) == b'month:{format:{date:"%B %Y",legend:"%Y-%m",connector:"in"}}'


def test_an_unknown_value_of_a_table_is_a_dash_in_both_languages(tmp_path: Path) -> None:
    from language import reworded

    script = tmp_path / "4.chunk.js"
    script.write_text('return null===t?[!1,"N/A"]:[!1,r(t)]', encoding="utf-8")
    assert reworded(script) == 'return null===t?[!1,"—"]:[!1,r(t)]'.encode()


def test_an_empty_chart_speaks_of_the_selection_and_not_of_a_query(tmp_path: Path) -> None:
    from language import read_overlay, reworded

    script = tmp_path / "5.chunk.js"
    script.write_text('t("No results were returned for this query")', encoding="utf-8")
    assert reworded(script) == b't("Nothing to show in this selection")'
    assert read_overlay("zh")["Nothing to show in this selection"] == "所选范围内没有记录"


def test_the_installed_front_end_has_what_we_word_anew(installation: Installation) -> None:
    from language import REWORDED, reworded

    scripts = SUPERSET.glob(".venv/lib/python*/site-packages/superset/static/assets/*.chunk.js")
    texts = [text for script in scripts if (text := reworded(script))]
    assert all(any(ours in text for text in texts) for _words, ours in REWORDED)


def test_other_scripts_are_left_to_superset(tmp_path: Path) -> None:
    from language import reworded

    script = tmp_path / "2.chunk.js"
    script.write_text('ry("col",null,1)', encoding="utf-8")
    assert reworded(script) is None
    assert reworded(tmp_path / "missing.chunk.js") is None
