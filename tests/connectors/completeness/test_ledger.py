"""The ledger's sums: conservation, named causes, and nothing that hides behind something else."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.completeness.ledger import Cause, Entry, Step, noteworthy, unbalanced

counts = st.integers(0, 500)
causes = st.dictionaries(st.sampled_from(Cause), counts, max_size=6)
steps = st.builds(Step, st.just("landed"), counts, counts, causes, causes)


def _entry(**stages: object) -> Entry:
    line = {"shop_id": 1, "shop_name": "Acme US", "day": date(2026, 11, 20), "stream": "orders", "reported": None}
    return Entry(**{**line, "landed": 0, **stages})


@given(steps)
def test_every_record_of_a_gap_is_counted_once_under_a_cause_or_is_unexplained(step: Step) -> None:
    assert sum(step.explained.values()) + step.unexplained == abs(step.gap)
    assert step.unexplained >= 0
    known = step.missing if step.gap > 0 else step.surplus
    assert all(0 < share <= known[cause] for cause, share in step.explained.items())


@given(steps, st.data())
def test_the_order_in_which_causes_were_found_does_not_matter(step: Step, data: st.DataObject) -> None:
    shuffled = dict(data.draw(st.permutations(list(step.missing.items()))))
    assert Step(step.name, step.expected, step.found, shuffled, step.surplus).explained == step.explained


@given(steps, st.sampled_from(Cause), st.integers(1, 50))
def test_another_explanation_never_makes_a_gap_worse(step: Step, cause: Cause, more: int) -> None:
    richer = {**step.missing, cause: step.missing.get(cause, 0) + more}
    assert Step(step.name, step.expected, step.found, richer, step.surplus).unexplained <= step.unexplained


@given(counts, counts, counts, counts)
def test_a_line_balances_exactly_when_all_stages_hold_the_same_records(a: int, b: int, c: int, d: int) -> None:
    line = _entry(reported=a, landed=b, staged=c, mart=d)
    assert line.balances is (a == b == c == d)


@given(counts, st.lists(st.sampled_from(["dead", "late", "sandbox", "lost", "arrives"]), max_size=40))
def test_records_that_were_followed_one_by_one_give_the_same_ledger(arrived: int, others: list[str]) -> None:
    """A model of the pipeline: every other record has one known fate; only the lost ones may be unexplained."""
    dead, late, sandbox, lost = (others.count(fate) for fate in ("dead", "late", "sandbox", "lost"))
    landed = arrived + late + sandbox + others.count("arrives")
    line = _entry(
        reported=arrived + len(others),
        landed=landed,
        set_aside=dead,
        staged=landed - late,
        mart=landed - late - sandbox,
        missing={
            "landed": {Cause.DEAD_LETTER: dead},
            "staged": {Cause.LATE_ARRIVAL: late},
            "mart": {Cause.SANDBOX_SHOP: sandbox},
        },
    )
    assert line.unexplained == lost
    assert sum(line.causes.values()) == dead + late + sandbox


def test_a_stage_that_nobody_counted_is_not_judged() -> None:
    assert _entry(reported=None, landed=5, staged=5, mart=5).balances
    assert [step.name for step in _entry(reported=5, landed=5).steps] == ["landed"]
    assert _entry(reported=5, landed=5, staged=None, mart=5).balances


def test_a_surplus_is_not_explained_by_what_would_explain_a_lack() -> None:
    line = _entry(reported=5, landed=6, set_aside=9, missing={"landed": {Cause.DEAD_LETTER: 9}})
    assert line.unexplained == 1
    after = _entry(reported=5, landed=6, surplus={"landed": {Cause.AFTER_COUNT: 1}})
    assert after.balances


def test_strays_are_never_explained() -> None:
    assert _entry(landed=2, staged=2, mart=2, strays=1).unexplained == 1


def test_the_worst_lines_come_first_and_quiet_ones_are_left_out() -> None:
    quiet, known = _entry(landed=1), _entry(landed=1, staged=0, missing={"staged": {Cause.NO_LINES: 1}})
    bad, worse = _entry(landed=2, staged=1), _entry(landed=5, staged=1)
    assert unbalanced([quiet, bad, known, worse]) == [worse, bad]
    assert noteworthy([quiet, bad, known, worse]) == [worse, bad, known]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            _entry(reported=4, landed=3, set_aside=1, missing={"landed": {Cause.DEAD_LETTER: 1}}),
            "Acme US · 2026-11-20 · orders: 4 reported → 3 landed (1 dead letter)",
        ),
        (_entry(landed=2, staged=1), "Acme US · 2026-11-20 · orders: 2 landed → 1 staged; 1 unexplained"),
    ],
)
def test_a_line_reads_as_a_sentence(line: Entry, told: str) -> None:
    assert str(line) == told
