"""Saved metrics of the Superset datasets: each dataset names its metrics, the contract says what they are.

Belongs here: rewriting the `metrics:` block of a dataset file. Everything else in the file keeps its very bytes.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from connectors.errors import ConfigurationError
from connectors.settings import PROJECT_ROOT
from orchestration.dictionary.contract import Contract, Metric

DATASETS = PROJECT_ROOT / "superset" / "assets" / "datasets"
_BLOCK = re.compile(r"^metrics:.*\n(?:(?:[ \-#].*)?\n)*", re.MULTILINE)


def dataset_files(folder: Path = DATASETS) -> list[Path]:
    """Every dataset of the dashboards, in the order of their names."""
    return sorted(folder.rglob("*.yaml"))


def metric_names(text: str) -> list[str]:
    """Names of the metrics that a dataset file lists."""
    return [one["metric_name"] for one in yaml.safe_load(text).get("metrics") or []]


def with_contract(text: str, contract: Contract, dataset: str) -> str:
    """The file with its saved metrics as the contract has them, in the order in which the dataset lists them.

    Which of them are certified is the dataset's to say; the words are the contract's.
    ConfigurationError names the metrics that the contract does not know.
    """
    saved = yaml.safe_load(text).get("metrics") or []
    names = [one["metric_name"] for one in saved]
    unknown = [name for name in names if name not in contract.metrics]
    if unknown:
        raise ConfigurationError(
            f"dataset {dataset}: the metric contract does not know {', '.join(unknown)}",
            remedy="describe them in dbt_project/metrics.yml, then run omni docs build",
        )
    if not names:
        return text
    certified = {one["metric_name"] for one in saved if "certified" in one}
    entries = [_saved(name, contract.metrics[name], dataset) for name in names]
    entries = [_certified(one, contract) if one["metric_name"] in certified else one for one in entries]
    lines = [f"  - {_flow(one)}\n" for one in entries]
    return _BLOCK.sub(lambda _: "metrics:\n" + "".join(lines), text, count=1)


def _saved(name: str, metric: Metric, dataset: str) -> dict[str, str]:
    """One saved metric as Superset's files spell it."""
    return {
        "metric_name": name,
        "verbose_name": metric.label,
        "expression": metric.expression(dataset),
        "d3format": metric.format,
        "description": metric.meaning,
    }


def _certified(saved: dict[str, str], contract: Contract) -> dict[str, str]:
    """The saved metric with the rule it is checked against and who answers for it, as Superset's badge tells them."""
    metric = contract.metrics[saved["metric_name"]]
    zh, _, en = contract.owners[metric.owner].partition(" · ")
    return saved | {"certified": f"口径 {metric.rule}，负责 {zh} / rule {metric.rule}, owner {en}"}


def _flow(entry: dict[str, str]) -> str:
    text: str = yaml.safe_dump(entry, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6)
    return text.strip()
