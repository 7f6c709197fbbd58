"""The quota benchmark plays: every lane calls and nobody is refused. Its times are not judged here."""

from __future__ import annotations

import pytest

from benchmarks.quota.__main__ import compete, open_stage, report
from connectors.postgres.lanes import Lane


def test_all_lanes_call_and_nobody_is_refused_or_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with open_stage(rate=40) as (url, logins):
        result = compete(url, logins, seconds=3, rate=40, backfills=1)
    assert all(min(result.shares(lane)) > 0 for lane in Lane)
    assert result.refused == 0
    assert 0 < result.used < 1.5
    for some in result.lanes.values():
        for played in some:
            assert len(played.waits) == len(played.answers) == sum(played.calls.values()) == sum(played.codes.values())
    report(result)
    assert f"{result.calls} calls in 3 s of 40/s" in capsys.readouterr().out
