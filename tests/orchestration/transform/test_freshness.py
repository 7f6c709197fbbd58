"""When the marts are built: once after a load, some time after an event, and never without a rest."""

from __future__ import annotations

from orchestration.transform.freshness import CALM_SECONDS, Build, News, verdict

NOW = 10_000.0


def test_without_news_nothing_is_built():
    assert verdict(News(), None, NOW, None) is not None
    assert verdict(News(loaded_at=NOW - 50, refreshed_at=NOW - 60), Build(NOW - 40, NOW - 20), NOW, None) is not None


def test_a_load_is_built_once_after_its_last_job():
    loading = News(loaded_at=NOW - 5, loading=True)
    assert verdict(loading, None, NOW, NOW - 30) == "raw data is still coming in"
    assert verdict(News(loaded_at=NOW - 5), None, NOW, NOW - 30) == "raw data is still coming in"
    assert verdict(News(loaded_at=NOW - CALM_SECONDS), None, NOW, NOW - 30) is None


def test_a_load_that_never_ends_is_built_after_a_quarter_of_an_hour():
    loading = News(loaded_at=NOW - 1, loading=True)
    assert verdict(loading, Build(NOW - 2000, NOW - 1900), NOW, NOW - 899) is not None
    assert verdict(loading, Build(NOW - 2000, NOW - 1900), NOW, NOW - 900) is None


def test_an_event_after_a_rest_is_built_a_few_seconds_after_its_refresh():
    built = Build(NOW - 900, NOW - 880)
    assert verdict(News(refreshed_at=NOW - 2), built, NOW, None) == "events are still coming in"
    assert verdict(News(refreshed_at=NOW - 3), built, NOW, None) is None


def test_events_without_end_do_not_postpone_the_build_for_ever():
    built = Build(NOW - 900, NOW - 880)
    flow = News(refreshed_at=NOW - 1, refreshing=True)
    assert verdict(flow, built, NOW, NOW - 19) is not None
    assert verdict(flow, built, NOW, NOW - 20) is None


def test_the_whole_build_follows_events_every_ten_minutes_at_most_and_loads_at_once():
    event, built = News(refreshed_at=NOW - 4), Build(NOW - 700, NOW - 599)
    assert verdict(event, built, NOW, None) is not None
    assert verdict(event, built, NOW + 1, NOW) is None
    assert verdict(News(loaded_at=NOW - 30), built, NOW, None) is None


def test_a_long_build_rests_for_half_of_its_length():
    event = News(refreshed_at=NOW - 4)
    assert verdict(event, Build(NOW - 3000, NOW - 900), NOW, None) is not None
    assert verdict(event, Build(NOW - 3000, NOW - 1000), NOW, None) is None


def test_an_event_during_a_load_waits_for_the_load():
    assert verdict(News(refreshed_at=NOW - 4, loading=True), Build(NOW - 900, NOW - 880), NOW, None) is not None
    assert verdict(News(refreshed_at=NOW - 4, loaded_at=NOW - 5), Build(NOW - 900, NOW - 880), NOW, None) is not None
