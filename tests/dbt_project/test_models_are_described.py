"""Whoever reads a mart finds what a row is, what each column means in both languages, and who answers for it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dbt.contracts.graph.nodes import GenericTestNode

from tests.dbt_project.conftest import Warehouse

# Steps of lines whose own key is tested; rows that were set aside because, among others, they have no key.
WITHOUT_KEY = ["dq_quarantined_rows", "view_order_line_derivation"]
CHINESE, LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]")


@pytest.fixture(scope="module")
def nodes(_warehouse: Warehouse) -> dict[str, Any]:
    return dict(_warehouse.parsed.nodes)


@pytest.fixture(scope="module")
def marts(nodes: dict[str, Any]) -> dict[str, Any]:
    models = (node for node in nodes.values() if node.resource_type == "model")
    return {node.name: node for node in models if node.fqn[1] == "marts"}


def test_every_mart_has_an_owner_a_contract_and_says_its_grain(marts: dict[str, Any]) -> None:
    assert len(marts) > 60
    for name, node in marts.items():
        assert node.config.meta.get("owner"), name
        assert node.config.contract.enforced or node.config.materialized == "view", name
        assert "row per" in node.description, name


def test_every_column_of_a_mart_is_described_in_both_languages(marts: dict[str, Any]) -> None:
    wordless = [
        f"{name}.{column.name}"
        for name, node in marts.items()
        for column in node.columns.values()
        if not (CHINESE.search(column.description) and LATIN.search(column.description))
    ]
    assert wordless == []


def test_the_grain_of_every_mart_is_tested(nodes: dict[str, Any], marts: dict[str, Any]) -> None:
    tests = [node for node in nodes.values() if isinstance(node, GenericTestNode) and node.attached_node in nodes]
    tested = {nodes[test.attached_node].name for test in tests if test.test_metadata.name in ("unique_key", "unique")}
    assert sorted(set(marts) - tested) == WITHOUT_KEY
