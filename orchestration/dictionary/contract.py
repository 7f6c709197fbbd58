"""The metric contract as typed objects: what `dbt_project/metrics.yml` says, refused when it says too little.

Belongs here: reading and validating the one file in which a metric has its name, meaning, formula, grain, format and
owner. Does not belong here: anything that is derived from it (`render`, `datasets`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.errors import ConfigurationError
from connectors.settings import PROJECT_ROOT

CONTRACT_FILE = PROJECT_ROOT / "dbt_project" / "metrics.yml"
Words = Annotated[str, Field(min_length=1)]


class Metric(BaseModel):
    """One number that people read. `formula` is SQL over columns of a dataset; `per_dataset` replaces it for some."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: Words
    en: Words
    unit: str | None = None
    meaning_zh: Words
    meaning_en: Words
    formula: Words
    per_dataset: dict[str, str] = {}
    grain: Words
    format: str
    owner: Words
    rule: Words
    column: str | None = None
    """The column of the marts that holds this number at their grain, if one does."""

    @property
    def label(self) -> str:
        """What a chart calls it: Chinese first, English after it, the unit last."""
        name = self.zh if self.zh == self.en else f"{self.zh} {self.en}"
        return f"{name} ({self.unit})" if self.unit else name

    @property
    def meaning(self) -> str:
        """One line in both languages."""
        return f"{self.meaning_zh} / {self.meaning_en}"

    def expression(self, dataset: str) -> str:
        """SQL of the metric over the columns of this dataset."""
        return self.per_dataset.get(dataset, self.formula)


class Contract(BaseModel):
    """All metrics by name, and who answers for which part of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owners: dict[str, Words]
    metrics: dict[str, Metric]


def read_contract(path: Path = CONTRACT_FILE) -> Contract:
    """The contract. ConfigurationError that names the metric and the field when something is missing or unknown."""
    try:
        contract = Contract.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigurationError(f"the metric contract is incomplete: {places}", remedy=f"edit {path.name}") from error
    strangers = sorted({one.owner for one in contract.metrics.values()} - set(contract.owners))
    if strangers:
        raise ConfigurationError(f"nobody knows the owners {', '.join(strangers)}", remedy=f"add them to {path.name}")
    return contract
