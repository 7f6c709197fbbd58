"""Every rule of the specification's data-quality chapter is looked after, once, with its severity."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connectors.files import tables
from connectors.settings import PROJECT_ROOT
from orchestration.transform.catalogue import owner_of, read_catalogue
from orchestration.transform.suites import SUITES, E
from orchestration.transform.suites.staged_files import CHARGE_TYPES, LINE_TYPES
from tests.dbt_places import dbt_places

RULES_OF_THE_CHAPTER = {
    "shops": 5, "orders": 13, "products": 7, "product_costs": 8, "refunds": 2, "order_charges, settlement_lines": 4,
    "fx_rates, fee_rates": 5, "sales_targets": 4, "activities": 2, "sync_*": 4, "fct_order_lines_costed": 5,
    "mart_gmv_*": 6, "mart_sku_*": 1, "mart_hot_seller": 3, "fct_collections": 4, "fct_shipments": 2,
    "every mart": 1,
}  # fmt: skip
SHARED_WORDS = {"every row belongs to a registered shop", "no update time lies more than a day ahead of the clock"}
"""Asked of each raw table; the chapter asks them of orders."""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The parsed project; parsing needs no database."""
    folder = tmp_path_factory.mktemp("parsed")
    dbt = Path(sys.executable).with_name("dbt")
    environment = os.environ | {"OMNI_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    subprocess.run([dbt, "parse", *dbt_places(folder)], env=environment, check=True, capture_output=True)
    parsed: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="module")
def severities(manifest: dict[str, Any]) -> dict[str, str]:
    """Severity of every check that exists, by the name under which its verdicts are kept."""
    found = {s.check_name(rule): "E" if rule.severity is E else "W" for s in SUITES for rule in s.rules}
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    return found | {one["name"]: "E" if one["config"]["severity"].lower() == "error" else "W" for one in tests}


def test_the_kinds_that_staging_may_hold_are_those_that_files_are_read_into() -> None:
    assert set(CHARGE_TYPES) == set(tables.CHARGE_TYPES.values())
    assert set(LINE_TYPES) == set(tables.SETTLEMENT_LINE_TYPES.values())


def test_the_catalogue_has_every_rule_of_the_chapter() -> None:
    assert Counter(rule.entity for rule in read_catalogue()) == RULES_OF_THE_CHAPTER


def test_every_check_of_the_suites_and_of_the_catalogue_has_a_title_in_both_languages() -> None:
    with (PROJECT_ROOT / "dbt_project" / "seeds" / "intermediate" / "check_titles.csv").open(encoding="utf-8") as file:
        titles = {row["check_name"]: row["check_title"] for row in csv.DictReader(file)}
    identities = {path.stem for path in (PROJECT_ROOT / "dbt_project" / "tests" / "identities").glob("*.sql")}
    checks = identities | {s.check_name(rule) for s in SUITES for rule in s.rules}
    checks |= {check for rule in read_catalogue() for check in rule.checks}
    assert checks - set(titles) == set()
    assert [one for one in titles.values() if not re.fullmatch(r".*[\u4e00-\u9fff].* / .*[a-z].*", one)] == []


def test_every_rule_is_looked_after_by_checks_that_exist_with_its_severity(severities: dict[str, str]) -> None:
    wrong = [
        f"{rule.entity}: {rule.words}: {check} is {severities.get(check, 'nowhere')}"
        for rule in read_catalogue()
        for check in rule.checks
        if severities.get(check) != rule.severity
    ]
    assert wrong == []
    assert all(rule.checks for rule in read_catalogue())


def test_no_check_serves_two_rules() -> None:
    served = Counter(check for rule in read_catalogue() for check in rule.checks)
    assert [check for check, rules in served.items() if rules > 1] == []


def test_every_rule_of_the_suites_and_every_test_of_our_own_words_is_catalogued(severities: dict[str, str]) -> None:
    served = {check for rule in read_catalogue() for check in rule.checks}
    worded = {s.check_name(rule) for s in SUITES for rule in s.rules if rule.words not in SHARED_WORDS}
    assert worded - served == set()


def test_a_check_has_one_name_across_all_suites() -> None:
    names = Counter(suite.check_name(rule) for suite in SUITES for rule in suite.rules)
    assert [name for name, times in names.items() if times > 1] == []


def test_every_mart_is_named_to_the_check_that_all_marts_are_fresh_and_filled(manifest: dict[str, Any]) -> None:
    nodes = manifest["nodes"].values()
    tables = {n["name"] for n in nodes if n["resource_type"] == "model" and n["fqn"][1] == "marts"}
    marts = {name for name in tables if not name.startswith("view_")}
    [test] = [n for n in nodes if n["name"] == "e_every_mart_is_fresh_and_filled"]
    asked = {name.split(".")[-1] for name in test["depends_on"]["nodes"]}
    assert marts - asked == set(), "add them to the macro filled_marts"


def test_an_owner_answers_for_every_catalogued_check() -> None:
    assert owner_of("stg_files__fx_rates: a rate is above zero") == "finance"
    assert owner_of("no such check") is None
    assert {rule.owner for rule in read_catalogue()} <= {
        "data",
        "sales",
        "finance",
        "supply",
        "managers",
        "shops",
        "logistics",
    }
