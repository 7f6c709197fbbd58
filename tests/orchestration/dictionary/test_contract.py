"""A metric is told once: the contract drives dbt descriptions, Superset's saved metrics and the data dictionary."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from connectors.errors import ConfigurationError
from connectors.settings import PROJECT_ROOT
from orchestration.dictionary.contract import Contract, Metric, read_contract
from orchestration.dictionary.datasets import dataset_files, metric_names, with_contract
from orchestration.dictionary.files import DICTIONARY, stale
from orchestration.dictionary.render import dictionary, doc_blocks

MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"
DESCRIBED = {"unit": "¥", "zh": "利润", "en": "Profit", "meaning_zh": "净收入减成本", "meaning_en": "net less cost"}
PROFIT = Metric(**DESCRIBED, formula="SUM(p)", grain="line", format=",d", owner="finance", rule="L", column="p_cny")
CONTRACT = Contract(owners={"finance": "财务 · Finance"}, metrics={"profit": PROFIT})


@pytest.fixture(scope="module")
def contract() -> Contract:
    return read_contract()


def mart_columns() -> dict[str, dict[str, str]]:
    """Descriptions of the columns of every mart, by model."""
    models = [m for file in MARTS.rglob("*.yml") for m in yaml.safe_load(file.read_text("utf-8")).get("models", [])]
    return {m["name"]: {c["name"]: c.get("description", "") for c in m["columns"]} for m in models}


def test_no_derived_file_is_out_of_date() -> None:
    outdated = [str(path.relative_to(PROJECT_ROOT)) for path in stale()]
    assert outdated == [], "run omni docs build"


def test_every_metric_of_the_contract_is_shown_by_a_dataset_and_every_saved_metric_has_a_contract(
    contract: Contract,
) -> None:
    shown = {name for path in dataset_files() for name in metric_names(path.read_text("utf-8"))}
    assert shown - set(contract.metrics) == set(), "saved in Superset only"
    assert set(contract.metrics) - shown == set(), "in the contract only"


def test_a_column_that_holds_a_metric_is_described_by_the_contract_in_every_mart(contract: Contract) -> None:
    columns = {one.column for one in contract.metrics.values() if one.column}
    found: set[str] = set()
    for model, described in mart_columns().items():
        for column in columns & set(described):
            words = f"{{{{ doc('{column}') }}}}"  # what a mart adds, such as its window, may follow
            assert described[column].startswith(words), f"{model}.{column} tells it a second time"
            found.add(column)
    assert columns - found == set(), "columns of the contract that no mart has"


def test_a_column_belongs_to_one_metric_and_a_replaced_formula_to_a_dataset_that_shows_it(contract: Contract) -> None:
    columns = [one.column for one in contract.metrics.values() if one.column]
    assert len(columns) == len(set(columns))
    shown = {path.stem: set(metric_names(path.read_text("utf-8"))) for path in dataset_files()}
    for name, metric in contract.metrics.items():
        assert all(name in shown.get(dataset, ()) for dataset in metric.per_dataset), name


def test_the_dictionary_names_every_metric_in_both_languages(contract: Contract) -> None:
    text = DICTIONARY.read_text("utf-8")
    for name, metric in contract.metrics.items():
        assert f"`{name}`" in text
        assert metric.meaning_zh in text
        assert metric.meaning_en in text


def test_a_label_is_chinese_first_then_english_then_the_unit() -> None:
    assert PROFIT.label == "利润 Profit (¥)"
    assert PROFIT.model_copy(update={"zh": "GMV", "en": "GMV"}).label == "GMV (¥)"


def test_one_entry_becomes_a_doc_block_a_dictionary_row_and_a_saved_metric() -> None:
    assert "{% docs p_cny %}利润 / Profit: 净收入减成本 / net less cost (L){% enddocs %}" in doc_blocks(CONTRACT)
    assert "| **利润 Profit (¥)**<br>`profit` | 净收入减成本 / net less cost | `SUM(p)` |" in dictionary(CONTRACT, {})
    written = with_contract("table_name: t\nmetrics:\n  - {metric_name: profit}\nend: 1\n", CONTRACT, "t")
    [saved] = yaml.safe_load(written)["metrics"]
    assert saved == {
        "metric_name": "profit",
        "verbose_name": "利润 Profit (¥)",
        "expression": "SUM(p)",
        "d3format": ",d",
        "description": "净收入减成本 / net less cost",
    }
    assert written.startswith("table_name: t\nmetrics:\n")
    assert written.endswith("\nend: 1\n")


def test_a_dataset_says_which_metrics_are_certified_and_the_contract_says_the_words() -> None:
    text = "metrics:\n  - {metric_name: profit, certified: whatever}\n"
    [saved] = yaml.safe_load(with_contract(text, CONTRACT, "t"))["metrics"]
    assert saved["certified"] == "口径 L，负责 财务 / rule L, owner Finance"


def test_a_dataset_whose_columns_differ_has_its_own_formula() -> None:
    other = PROFIT.model_copy(update={"per_dataset": {"lines": "SUM(q)"}})
    assert (other.expression("lines"), other.expression("days")) == ("SUM(q)", "SUM(p)")


def test_a_saved_metric_without_contract_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="dataset t: the metric contract does not know guess"):
        with_contract("metrics:\n- {metric_name: guess}\n", CONTRACT, "t")


def test_a_contract_that_says_too_little_names_the_metric_and_the_field(tmp_path: Path) -> None:
    file = tmp_path / "metrics.yml"
    file.write_text("owners: {}\nmetrics: {gmv: {zh: GMV, en: GMV}}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"metrics\.gmv\.formula: Field required"):
        read_contract(file)


def test_a_metric_whose_owner_nobody_knows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "metrics.yml"
    body = {"owners": {}, "metrics": {"profit": PROFIT.model_dump(exclude={"column"})}}
    file.write_text(yaml.safe_dump(body, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="nobody knows the owners finance"):
        read_contract(file)
