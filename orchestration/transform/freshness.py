"""When new raw data is worth a whole build of the marts: after the last job of a load, and some time after an event.

Belongs here: the decision, as a pure function of instants (seconds since 1970). Who looks the instants up: `sensors`.
"""

from __future__ import annotations

from dataclasses import dataclass

CALM_SECONDS = 20.0
"""Jobs of one load follow each other within seconds; one build after the last of them is enough."""
PATIENCE_SECONDS = 900.0
"""A long backfill does not keep the marts stale for longer than this."""
EVENT_CALM_SECONDS = 3.0
"""A refresh of single records is whole in itself; others that wait at this moment may come along."""
EVENT_PATIENCE_SECONDS = 20.0
REST_SHARE = 0.5
WHOLE_REST_SECONDS = 600.0
"""The whole build follows events at most this often, and rests for half its own length: big shops have events all day.
The marts that people watch are built with each event by the run that reads its orders."""


@dataclass(frozen=True, slots=True)
class News:
    """The newest raw data of loads and of refreshed single records, and whether either kind of job is at work."""

    loaded_at: float | None = None
    refreshed_at: float | None = None
    loading: bool = False
    refreshing: bool = False


@dataclass(frozen=True, slots=True)
class Build:
    """The last build of the marts; one that failed counts, since only new data could change its outcome."""

    started_at: float
    ended_at: float | None = None


def verdict(news: News, last: Build | None, now: float, noticed: float | None) -> str | None:
    """None = build now, else why not. `noticed` is since when news have been waiting, None = not yet seen to wait."""
    since = last.started_at if last else float("-inf")
    load = news.loaded_at if news.loaded_at is not None and news.loaded_at > since else None
    single = news.refreshed_at if news.refreshed_at is not None and news.refreshed_at > since else None
    if load is None and single is None:
        return "no raw data since the last build"
    waited = now - (now if noticed is None else noticed)
    if news.loading or load is not None:
        newest = max(at for at in (load, single) if at is not None)
        restless = news.loading or news.refreshing or now - newest < CALM_SECONDS
        return "raw data is still coming in" if restless and waited < PATIENCE_SECONDS else None
    if last and last.ended_at:
        rest = max(WHOLE_REST_SECONDS, REST_SHARE * (last.ended_at - last.started_at))
        if now - last.ended_at < rest:
            return "the last build has just ended; events of the meantime are collected"
    restless = news.refreshing or (single is not None and now - single < EVENT_CALM_SECONDS)
    return "events are still coming in" if restless and waited < EVENT_PATIENCE_SECONDS else None
