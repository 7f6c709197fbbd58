"""Rules that raw and staged rows can answer, once each: chapter 8 of the metric specification.

Belongs here: which rows a suite looks at, which rules hold, how severe a breach is, by layer and subject.
Does not belong here: rules on models (dbt tests), on single records (`connectors`), running them (`checks`). Where each
rule of the chapter is implemented, here or in dbt, is told by `dbt_project/quality_rules.yml`.
"""

from orchestration.transform.suites.raw import RAW_SUITES
from orchestration.transform.suites.rules import E, Outcome, Rule, Suite, W
from orchestration.transform.suites.staged_files import FILE_SUITES
from orchestration.transform.suites.staged_temu import TEMU_SUITES
from orchestration.transform.suites.sync import SYNC_SUITES

SUITES = (*RAW_SUITES, *SYNC_SUITES, *TEMU_SUITES, *FILE_SUITES)
STAGING = "staging"

__all__ = ["STAGING", "SUITES", "E", "Outcome", "Rule", "Suite", "W"]
