"""The files that follow from the metric contract: which they are, whether they are up to date, writing them.

Belongs here: paths and comparison. Does not belong here: what stands in them (`render`, `datasets`).
"""

from __future__ import annotations

from pathlib import Path

from connectors.settings import PROJECT_ROOT
from orchestration.dictionary.contract import Contract, read_contract
from orchestration.dictionary.datasets import dataset_files, metric_names, with_contract
from orchestration.dictionary.render import dictionary, doc_blocks

DICTIONARY = PROJECT_ROOT / "docs" / "data-dictionary.md"
DOC_BLOCKS = PROJECT_ROOT / "dbt_project" / "models" / "marts" / "metrics.md"


def derived(contract: Contract) -> dict[Path, str]:
    """Every derived file with the text that it should have. ConfigurationError for a metric that has no contract."""
    texts = {path: path.read_text(encoding="utf-8") for path in dataset_files()}
    uses: dict[str, list[str]] = {}
    for path, text in texts.items():
        for name in metric_names(text):
            uses.setdefault(name, []).append(path.stem)
    wanted = {path: with_contract(text, contract, path.stem) for path, text in texts.items()}
    return {DICTIONARY: dictionary(contract, uses), DOC_BLOCKS: doc_blocks(contract), **wanted}


def stale() -> dict[Path, str]:
    """The derived files that do not say what the contract says, with the text that they should have."""
    wanted = derived(read_contract())
    return {path: text for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text}


def write_stale() -> list[Path]:
    """Bring every derived file up to date; the files that changed."""
    changed = stale()
    for path, text in changed.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(changed)
