"""Who may see what: the roles of our readers, and what follows from them for datasets and dashboards.

Belongs here: which role may read which dataset, and by which rule rows are limited. Pure: reads files only. Not here:
creating roles in Superset (access.py); the views behind which Postgres keeps each role (the dbt macro `fences`).

| role | dashboards | rows | columns |
|---|---|---|---|
| admin, finance | all | all | all |
| operations | all | all | no costs of an article or order, nor profits that reveal them |
| manager | that name it in `roles` | own name; of others only the rank | all |
| shop_owner | that name it in `roles` | own shops | all |

A dataset is open to finance and operations; to managers when it has the column `manager`, to shop owners when it has
`shop_id`, and all marts that it reads are fenced by that column or open to everyone (`open_marts` in dbt_project.yml).
`roles: […]` in a dataset's file narrows that, it cannot widen it. `roles: […]` of a dashboard, by default finance and
operations, is who finds it in the list; charts whose dataset a reader may not read are left out of their page.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DBT = Path(__file__).resolve().parent.parent / "dbt_project"
FINANCE, OPERATIONS, MANAGER, SHOP_OWNER = "finance", "operations", "manager", "shop_owner"
ROLES = (FINANCE, OPERATIONS, MANAGER, SHOP_OWNER)
EVERYWHERE = (FINANCE, OPERATIONS)
SCOPE_COLUMN = {MANAGER: "manager", SHOP_OWNER: "shop_id"}


@dataclass(frozen=True)
class Marts:
    """Columns of every mart as dbt's contracts promise them, and the marts that limit nobody."""

    columns: dict[str, set[str]]
    open_to_all: frozenset[str]
    ranked: frozenset[str]

    @classmethod
    @lru_cache(maxsize=4)
    def read(cls, project: Path = DBT) -> "Marts":
        """From the files of the dbt project; dbt itself is not needed."""
        columns: dict[str, set[str]] = {}
        for path in sorted((project / "models" / "marts").rglob("*.yml")):
            for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
                columns[model["name"]] = {one["name"] for one in model.get("columns", [])}
        variables = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
        return cls(columns, frozenset(variables["open_marts"]), frozenset(variables["ranked_marts"]))

    def fenced_by(self, mart: str, column: str) -> bool:
        """Whether a reader who is limited by `column` has a view of this mart."""
        return mart in self.open_to_all or column in self.columns.get(mart, set())


def marts_of(dataset: dict[str, Any]) -> set[str]:
    """The marts that a dataset reads."""
    return set(re.findall(r"\bmarts\.(\w+)", dataset["sql"])) if "sql" in dataset else {dataset["table_name"]}


def dataset_roles(dataset: dict[str, Any], marts: Marts) -> list[str]:
    """Roles that may read this dataset, in the order of ROLES."""
    possible = [role for role in ROLES if role in EVERYWHERE or _is_limited(dataset, SCOPE_COLUMN[role], marts)]
    return [role for role in possible if role in dataset.get("roles", ROLES)]


def dashboard_roles(dashboard: dict[str, Any]) -> list[str]:
    """Roles that find this dashboard in the list, in the order of ROLES."""
    return [role for role in ROLES if role in dashboard.get("roles", EVERYWHERE)]


def limits_rows(dataset: dict[str, Any], role: str, marts: Marts) -> bool:
    """Whether Superset adds `column = own` for this role: not where every rank is shown."""
    column = SCOPE_COLUMN.get(role)
    names = {one["column_name"] for one in dataset["columns"]}
    shows_all_ranks = role == MANAGER and marts_of(dataset) <= marts.ranked
    return column in names and not shows_all_ranks


def _is_limited(dataset: dict[str, Any], column: str, marts: Marts) -> bool:
    sources = marts_of(dataset)
    if sources <= marts.open_to_all:
        return True
    names = {one["column_name"] for one in dataset["columns"]}
    return column in names and all(marts.fenced_by(mart, column) for mart in sources)
