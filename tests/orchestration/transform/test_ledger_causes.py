"""The causes of the ledger have a name in both languages, in the order in which they are believed."""

from __future__ import annotations

import csv

from connectors.completeness.ledger import Cause
from connectors.settings import PROJECT_ROOT


def test_every_cause_has_a_name_for_the_dashboards() -> None:
    seed = PROJECT_ROOT / "dbt_project" / "seeds" / "intermediate" / "ledger_causes.csv"
    rows = list(csv.DictReader(seed.read_text(encoding="utf-8").splitlines()))
    assert [row["cause"] for row in rows] == [cause.name.lower() for cause in Cause]
    assert [int(row["position"]) for row in rows] == list(range(1, len(rows) + 1))
