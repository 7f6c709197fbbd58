"""Which texts on a screen are in the wrong language.

Belongs here: telling our bilingual titles, data and numbers from leftovers. Titles of ours stand in both languages at
once (`利润 · Profit`), so Chinese without English beside it is wrong on an English screen, and a sentence of Superset
in English is wrong on a Chinese one. What stands in the marts is data and stays as it is.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

import psycopg
import yaml
from psycopg import sql

from connectors.settings import PROJECT_ROOT
from orchestration.cli.services import superset_python

HAN = re.compile(r"[\u3400-\u9fff]")
WORD = re.compile(r"[A-Za-z]")
SAME_IN_BOTH = {"SQL"}


def half_translated(texts: list[str], data: set[str]) -> list[str]:
    """Texts of an English screen that are Chinese and neither bilingual nor data."""
    return [text for text in texts if HAN.search(text) and not WORD.search(text) and text not in data]


def left_in_english(texts: list[str], data: set[str]) -> list[str]:
    """Texts of a Chinese screen that are words of Superset's front end in English."""
    known = front_end_words() - data - SAME_IN_BOTH
    return [text for text in texts if text in known and WORD.search(text)]


@lru_cache(maxsize=1)
def front_end_words() -> frozenset[str]:
    """Every English text that Superset's front end knows how to translate, by its own catalogue or by ours."""
    [pack] = Path(superset_python()).parent.parent.glob("lib/*/site-packages/superset/translations/zh/*/messages.json")
    ours = yaml.safe_load((PROJECT_ROOT / "superset" / "language" / "zh.yaml").read_text(encoding="utf-8"))
    return frozenset(json.loads(pack.read_text(encoding="utf-8"))["locale_data"]["superset"]) | frozenset(ours)


def words_of_marts(connection: psycopg.Connection) -> set[str]:
    """Every short text that stands in a mart: names of shops, articles and managers, codes."""
    columns = connection.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'marts' and data_type in ('text', 'character varying') "
        "and table_name not like '%\\_\\_dbt\\_%'"  # what a build is just replacing
    ).fetchall()
    found: set[str] = set()
    for table, column in columns:
        name, place = sql.Identifier(column), sql.Identifier("marts", table)
        query = sql.SQL("select distinct {} from {} where length({}) <= 80").format(name, place, name)
        found |= {row[0] for row in connection.execute(query)}
    return found
