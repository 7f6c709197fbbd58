"""Text that follows from the metric contract: the data dictionary and the doc blocks of dbt. Pure functions.

Belongs here: contract → text. Does not belong here: where the text is kept (`files`), the datasets (`datasets`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestration.dictionary.contract import Contract, Metric

GENERATED = "Written by `omni docs build` from dbt_project/metrics.yml: edit that file, not this one."
COLUMNS = ("指标 Metric", "含义 Meaning", "公式 Formula", "粒度 Grain", "格式 Format", "规则 Rule", "列 Column")


def doc_blocks(contract: Contract) -> str:
    """Markdown with one `docs` block per mart column that holds a metric; models refer to it with `doc('column')`."""
    blocks = [_doc_block(metric.column, metric) for metric in contract.metrics.values() if metric.column]
    return "\n".join([f"{{# {GENERATED} #}}", *blocks])


def dictionary(contract: Contract, uses: Mapping[str, list[str]]) -> str:
    """The data dictionary (Markdown, both languages): a table per owner, then where each metric is found.

    `uses` names the datasets that show a metric.
    """
    lines = ["# 数据字典 · Data dictionary", "", f"<!-- {GENERATED} -->", ""]
    lines += ["每个指标只有一个定义；看板、模型说明和本文件都由它生成。", ""]
    lines += ["Every metric has one definition; dashboards, model descriptions and this file are derived from it.", ""]
    for owner, title in contract.owners.items():
        mine = {name: metric for name, metric in contract.metrics.items() if metric.owner == owner}
        if mine:
            lines += [f"## {title}", "", *_table(mine), ""]
    lines += ["## 用处 · Where each metric is shown", "", "| 指标 Metric | 数据集 Datasets |", "|---|---|"]
    lines += [f"| `{name}` | {', '.join(f'`{one}`' for one in uses.get(name, []))} |" for name in contract.metrics]
    return "\n".join(lines) + "\n"


def _doc_block(column: str, metric: Metric) -> str:
    text = f"{metric.zh} / {metric.en}: {metric.meaning} ({metric.rule})"
    return f"{{% docs {column} %}}{text}{{% enddocs %}}\n"


def _table(metrics: Mapping[str, Metric]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|" + "---|" * len(COLUMNS)
    for name, metric in metrics.items():
        cells = [f"**{metric.label}**<br>`{name}`", metric.meaning, _formulas(metric), metric.grain]
        cells += [_code(metric.format), metric.rule, _code(metric.column)]
        yield f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def _formulas(metric: Metric) -> str:
    others = [f"`{sql}` ({dataset})" for dataset, sql in metric.per_dataset.items()]
    return "<br>".join([f"`{metric.formula}`", *others])
