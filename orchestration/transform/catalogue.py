"""The catalogue of data-quality rules: each rule of the specification's chapter 8, its owner, where it is implemented.

Belongs here: reading `dbt_project/quality_rules.yml`. A check is named as it is kept: a suite's by `table: words`, a
test of dbt by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from connectors.settings import PROJECT_ROOT

CATALOGUE_FILE = PROJECT_ROOT / "dbt_project" / "quality_rules.yml"


@dataclass(frozen=True)
class CataloguedRule:
    """One bullet of the chapter: what it says, how severe a breach is, who mends it, which checks look after it."""

    entity: str
    severity: str
    words: str
    owner: str
    checks: tuple[str, ...]


@cache
def read_catalogue(path: Path = CATALOGUE_FILE) -> tuple[CataloguedRule, ...]:
    """Every rule in the order of the chapter."""
    entities = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(
        CataloguedRule(entity, rule["severity"], rule["rule"], body["owner"], tuple(rule["checks"]))
        for entity, body in entities.items()
        for rule in body["rules"]
    )


def owner_of(check_name: str) -> str | None:
    """Who mends what this check finds; None for checks that no rule of the chapter asks for."""
    return next((rule.owner for rule in read_catalogue() if check_name in rule.checks), None)
