"""The words of a rule: what is expected of which column of which rows, and how severe a breach is.

Belongs here: `Rule`, `Suite`, `Outcome` and short names for the expectations in use. Which rules hold is the business
of the modules beside this one; running them that of `expectations`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster import AssetCheckSeverity

E, W = AssetCheckSeverity.ERROR, AssetCheckSeverity.WARN
"""Severities as the specification writes them: E blocks the downstream build, W is recorded and shown."""


@dataclass(frozen=True)
class Rule:
    """One expectation: its Great Expectations class, its arguments, how severe a breach is, and the rule in words."""

    expectation: str
    arguments: Mapping[str, Any]
    severity: AssetCheckSeverity
    words: str


@dataclass(frozen=True)
class Suite:
    """Rules on the rows of one query over one table, one batch. Raw queries read typed columns, never whole payloads.

    The query names each row in a column `sample_key`: what somebody needs to find the row again.
    """

    table: str
    query: str
    rules: Sequence[Rule]
    layer: str = "raw_temu"

    def check_name(self, rule: Rule) -> str:
        """The name under which the verdicts of a rule are kept."""
        return f"{self.table}: {rule.words}"


@dataclass(frozen=True)
class Outcome:
    """What became of one rule: how many rows were looked at, how many broke it, some of their values and keys."""

    passed: bool
    rows: int = 0
    broken: int = 0
    sample: Sequence[object] = ()
    keys: Sequence[str] = ()

    def __str__(self) -> str:
        if self.passed:
            return f"holds on {self.rows} rows"
        return f"{self.broken} of {self.rows} rows, such as {', '.join(map(str, self.sample)) or 'NULL'}"


def rule(severity: AssetCheckSeverity, words: str, expectation: str, column: str, **arguments: Any) -> Rule:
    """Any expectation on one column."""
    return Rule(expectation, {"column": column, **arguments}, severity, words)


def not_null(severity: AssetCheckSeverity, column: str, words: str) -> Rule:
    """The column is filled."""
    return rule(severity, words, "ExpectColumnValuesToNotBeNull", column)


def between(severity: AssetCheckSeverity, column: str, words: str, **bounds: Any) -> Rule:
    """The column lies within `min_value` and `max_value`; NULL is not judged."""
    return rule(severity, words, "ExpectColumnValuesToBeBetween", column, **bounds)


def one_of(severity: AssetCheckSeverity, column: str, words: str, *values: object) -> Rule:
    """The column has one of these values; NULL is not judged."""
    return rule(severity, words, "ExpectColumnValuesToBeInSet", column, value_set=list(values))


def unique(severity: AssetCheckSeverity, column: str, words: str) -> Rule:
    """No value occurs twice; NULL is not judged."""
    return rule(severity, words, "ExpectColumnValuesToBeUnique", column)


def holds(severity: AssetCheckSeverity, column: str, words: str) -> Rule:
    """A column of the query that says true or false says true; NULL is not judged."""
    return one_of(severity, column, words, True)
