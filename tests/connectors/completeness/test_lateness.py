"""The overlap follows measured lateness: laws of the histogram and its quantile, and when silence is suspicious."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.completeness.lateness import BUCKETS, ENOUGH, QUANTILE, bucket_of, learn, quantile
from connectors.completeness.silence import is_suspicious

LEAST, MOST = timedelta(minutes=30), timedelta(hours=6)
lateness = st.lists(st.floats(0, 172_800), min_size=1, max_size=200)
shares = st.floats(0.01, 1.0)


def _histogram(seconds: list[float]) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in seconds:
        found[bucket_of(one)] = found.get(bucket_of(one), 0) + 1
    return found


@given(lateness, shares)
def test_the_quantile_covers_its_share_and_no_smaller_bucket_does(seconds: list[float], share: float) -> None:
    bound = quantile(_histogram(seconds), share)
    covered = [sum(one <= limit for one in seconds) for limit in BUCKETS]
    assert covered[BUCKETS.index(bound)] >= share * len(seconds)
    assert all(count < share * len(seconds) for count in covered[: BUCKETS.index(bound)])


@given(lateness, st.data())
def test_the_order_of_arrival_does_not_matter(seconds: list[float], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(seconds))
    assert quantile(_histogram(shuffled), QUANTILE) == quantile(_histogram(seconds), QUANTILE)


@given(st.dictionaries(st.sampled_from(BUCKETS), st.integers(0, 10_000)))
def test_the_overlap_stays_within_its_bounds_and_counts_every_row(histogram: dict[int, int]) -> None:
    learnt = learn(histogram, least=LEAST, most=MOST)
    assert LEAST <= learnt.overlap <= MOST
    assert learnt.arrived == sum(histogram.values())
    assert learnt.late == learnt.arrived - histogram.get(0, 0)


def test_a_few_rows_teach_nothing_and_many_late_ones_do() -> None:
    assert learn({7200: ENOUGH - 1}, least=LEAST, most=MOST).overlap == LEAST
    assert learn({0: 99_800, 7200: 200}, least=LEAST, most=MOST).overlap == timedelta(hours=2)
    assert learn({0: 99_950, 7200: 50}, least=LEAST, most=MOST).overlap == LEAST
    assert learn({172_800: ENOUGH}, least=LEAST, most=MOST).overlap == MOST


@pytest.mark.parametrize(
    ("usual", "suspicious"),
    [([12, 9, 14, 11], True), ([12, 0, 14, 11], False), ([2, 3, 1, 2], False), ([12], False), ([], False)],
)
def test_silence_is_suspicious_where_every_comparable_week_brought_many(usual: list[int], suspicious: bool) -> None:
    assert is_suspicious(usual, least=5) is suspicious
