"""The gallery names every dashboard and tab of the files, and every picture it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.errors import ConfigurationError
from connectors.settings import Settings
from orchestration.cli.bi_assets import running_superset
from orchestration.dashboards import read_dashboards
from orchestration.screens import browser
from orchestration.screens.gallery import DOCS, gallery_page

LARGEST_BYTES = 4_000_000


def test_the_page_is_what_the_files_of_the_dashboards_say() -> None:
    assert (DOCS / "gallery.md").read_text(encoding="utf-8") == gallery_page(read_dashboards()), "omni bi gallery"


def test_every_picture_that_the_page_names_is_there_and_no_other_and_all_are_small() -> None:
    named = set(re.findall(r"\((gallery/[^)]+)\)", gallery_page(read_dashboards())))
    found = {path.relative_to(DOCS).as_posix(): path.stat().st_size for path in (DOCS / "gallery").iterdir()}
    assert named == set(found)
    assert all(size > 10_000 for size in found.values())
    assert sum(found.values()) < LARGEST_BYTES


def test_every_tab_has_a_picture_in_both_languages() -> None:
    [gmv] = [one for one in read_dashboards() if one.slug == "gmv"]
    assert ("3-2", "GMV表 · GMV table / 周 · Week") in gmv.tabs
    page = gallery_page([gmv])
    assert "gallery/gmv-3-2.zh.webp" in page
    assert "gallery/gmv-3-2.en.webp" in page


def test_without_a_browser_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "find_chromium", lambda: None)
    with pytest.raises(ConfigurationError, match="OMNI_CHROMIUM"), browser.open_browser():
        pass


def test_pictures_are_taken_of_the_dashboards_that_omni_serves(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url=None)
    with pytest.raises(ConfigurationError, match="--url"):
        running_superset(settings)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "ready.json").write_text('{"superset": "http://127.0.0.1:8088"}')
    assert running_superset(settings) == "http://127.0.0.1:8088"
