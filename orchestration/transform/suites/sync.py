"""Rules on the bookkeeping of the loader: tasks end, cursors only move forward, refused items are few."""

from __future__ import annotations

from orchestration.transform.suites.rules import E, Suite, W, between, holds, unique

# A live window starts an overlap before the cursor; overlaps of up to two days are no step back.
TASKS = """
    select t.id::text as sample_key,
        extract(epoch from coalesce(t.finished_at, now()) - t.started_at) / 3600 as hours_long,
        case when t.mode = 'live' and s.gateway_url is null  -- a rehearsal gateway may turn its clock
             then extract(
                 epoch from max(t.window_start) filter (where t.mode = 'live') over earlier - t.window_start
             ) / 3600
        end as hours_back
    from ops.sync_tasks t
    left join ops.shops s on s.id = t.shop_id
    where t.started_at >= now() - interval '14 days'
    window earlier as (
        partition by t.shop_id, t.stream order by t.started_at rows between unbounded preceding and 1 preceding
    )"""

REFUSED = """
    select stream as sample_key, sum(rows_dead_lettered)::numeric / nullif(sum(rows_read), 0) as share
    from ops.sync_tasks
    where started_at >= now() - interval '1 day'
    group by stream"""

EVENTS = """
    select event_id, event_id as sample_key,
        not (signature_ok is false and processed_at is not null and reason is null) as is_genuine
    from ops.webhook_events
    where received_at >= now() - interval '14 days'"""

SYNC_SUITES = (
    Suite(
        "sync_tasks",
        TASKS,
        (
            between(W, "hours_long", "a task ends within an hour", max_value=1),
            between(E, "hours_back", "a cursor never moves back", max_value=49),
        ),
        "ops",
    ),
    Suite("sync_tasks", REFUSED, (between(W, "share", "at most 1 % of items are refused", max_value=0.01),), "ops"),
    Suite(
        "webhook_events",
        EVENTS,
        (
            unique(E, "event_id", "an event has one row"),
            holds(E, "is_genuine", "no event with a wrong signature was acted upon"),
        ),
        "ops",
    ),
)
