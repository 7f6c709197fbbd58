"""The webhook benchmark plays: every event it sends is acknowledged and stored. Its times are not judged here."""

from __future__ import annotations

from benchmarks.webhook.__main__ import open_door, play
from orchestration.ingest.webhook_inbox import waiting_files


async def test_every_event_of_the_benchmark_is_stored_before_it_is_acknowledged() -> None:
    with open_door() as (url, inbox):
        seconds, p50, p99, worst = await play(url, 40, 4)
        assert len(waiting_files(inbox)) == 40
    assert 0 < p50 <= p99
    assert p50 <= worst <= seconds * 1000
