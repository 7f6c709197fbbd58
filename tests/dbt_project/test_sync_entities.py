"""What staleness is judged by agrees with how the streams are read, or a healthy source would be called stale."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from connectors.temu.streams import STREAMS
from connectors.temu.streams.shapes import ROUTERS

SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "intermediate" / "sync_entities.csv"
ENTITIES = {row["entity"]: row for row in csv.DictReader(SEED.read_text().splitlines())}


@pytest.mark.parametrize("name", STREAMS)
def test_every_stream_has_an_interval_that_is_no_shorter_than_its_rhythm(name: str) -> None:
    stream, minutes = STREAMS[name], int(ENTITIES[name]["expected_minutes"])
    rhythm = 30 if stream.partitioning == "shop_day" else {"hourly": 60, "daily": 1440}[stream.rhythm]
    assert minutes >= rhythm


@pytest.mark.parametrize("name", STREAMS)
def test_goods_of_cross_border_gateways_are_expected_of_shops_there_alone(name: str) -> None:
    is_goods_only = not set(STREAMS[name].gateways) & set(ROUTERS)
    assert ENTITIES[name]["is_goods_only"] == str(is_goods_only).lower()


def test_each_kind_of_shop_has_something_that_must_never_stand_still() -> None:
    expected = {(row["entity"], row["is_goods_only"]) for row in ENTITIES.values() if row["is_expected"] == "true"}
    assert expected == {
        ("orders", "false"),
        ("products", "false"),
        ("activities", "false"),
        ("partner_goods", "true"),
    }


@pytest.mark.parametrize("name", STREAMS)
def test_every_stream_has_words_for_the_screens_chinese_first(name: str) -> None:
    words = ENTITIES[name]["stream_name"]
    assert re.fullmatch(r"[A-Z]*[\u4e00-\u9fff]+ [A-Za-z][A-Za-z -]+", words), words
