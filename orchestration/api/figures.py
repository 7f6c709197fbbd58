"""What monitors read of the connector: each figure with its name, its labels and the question that answers it.

Belongs here: questions about what is kept in Postgres, because calls and tasks happen in other, short-lived processes.
Each is answered from running totals or a partial index, so that a scrape costs the same after years. Labels are few:
shops, streams, operations, codes, lanes; never an order's number. Who may ask: `metrics`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from connectors.calls import BOUNDS

Family = type[CounterMetricFamily] | type[GaugeMetricFamily]
Counter, Gauge = CounterMetricFamily, GaugeMetricFamily
_TOTALS = "ops.task_totals t left join ops.shops s on s.id = t.shop_id"
_SHOP = "coalesce(s.shop_name, t.shop_id::text)"


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric; `query` gives its labels in order, then the value."""

    family: Family
    name: str
    help: str
    labels: tuple[str, ...]
    query: str

    def read(self, conn: psycopg.Connection) -> Metric:
        """Its values now."""
        found = self.family(self.name, self.help, labels=self.labels)
        for *labels, value in conn.execute(self.query.encode()).fetchall():
            found.add_metric([str(label) for label in labels], float(value))
        return found


FIGURES = (
    Figure(
        Counter,
        "omni_temu_calls",
        "Calls sent to the platform, repeated ones included, by its code or by what happened instead.",
        ("shop", "api_type", "code"),
        f"""select {_SHOP}, api_type, code, sum(calls) from ops.call_totals t
            left join ops.shops s on s.id = t.shop_id group by 1, 2, 3""",
    ),
    Figure(
        Counter,
        "omni_temu_retries",
        "Calls that repeated an earlier one.",
        ("shop", "stream"),
        f"select {_SHOP}, stream, sum(retries) from {_TOTALS} group by 1, 2",
    ),
    Figure(
        Counter,
        "omni_rows",
        "Records read, by what became of them: inserted, updated, unchanged, dead_lettered, not_ready.",
        ("shop", "stream", "outcome"),
        f"""select {_SHOP}, stream, outcome, n from (
                select shop_id, stream, sum(rows_inserted) as inserted, sum(rows_updated) as updated,
                    sum(rows_unchanged) as unchanged, sum(rows_dead_lettered) as aside, sum(rows_not_ready) as not_ready
                from ops.task_totals group by 1, 2
            ) as t left join ops.shops s on s.id = t.shop_id cross join lateral (values ('inserted', inserted),
            ('updated', updated), ('unchanged', unchanged), ('dead_lettered', aside), ('not_ready', not_ready)
            ) as o (outcome, n)""",
    ),
    Figure(
        Counter,
        "omni_sync_tasks",
        "Ended tasks, one per stream, shop and run.",
        ("shop", "stream", "mode", "status"),
        f"select {_SHOP}, stream, mode, status, tasks from {_TOTALS}",
    ),
    Figure(
        Counter,
        "omni_sync_task_seconds",
        "Seconds that ended tasks took.",
        ("stream", "mode"),
        "select stream, mode, sum(seconds) from ops.task_totals group by 1, 2",
    ),
    Figure(
        Gauge,
        "omni_sync_tasks_running",
        "Tasks under way; one whose process died counts until the next run of its stream.",
        ("mode",),
        "select mode, count(*) from ops.sync_tasks where status = 'running' group by 1",
    ),
    Figure(
        Gauge,
        "omni_stream_last_success_timestamp_seconds",
        "When a live reading of the stream last succeeded (epoch).",
        ("shop", "stream"),
        f"""select {_SHOP}, stream, extract(epoch from last_ended_at) from {_TOTALS}
            where s.is_active and mode = 'live' and status = 'completed'""",
    ),
    Figure(
        Gauge,
        "omni_watermark_age_seconds",
        "Age of the newest update that is stored, of active shops.",
        ("shop", "stream"),
        f"""select {_SHOP}, stream, extract(epoch from now() - watermark) from ops.watermarks t
            join ops.shops s on s.id = t.shop_id where s.is_active""",
    ),
    Figure(
        Counter,
        "omni_quota_slots",
        "Calls that the quota of an app key has let through, by lane.",
        ("app_key", "lane"),
        "select app_key, key, value::numeric from ops.app_quota, jsonb_each_text(lane_slots)",
    ),
    Figure(
        Gauge,
        "omni_quota_calls_per_second",
        "Calls that an app key may send in a second.",
        ("app_key",),
        "select app_key, calls_per_second from ops.app_quota",
    ),
    Figure(
        Counter,
        "omni_quota_throttled",
        "How often the platform said that an app key calls too frequently.",
        ("app_key",),
        "select app_key, throttled from ops.app_quota",
    ),
    Figure(
        Gauge,
        "omni_dead_letters_open",
        "Records that are set aside and wait.",
        ("stream",),
        "select stream, count(*) from ops.dead_letters where resolved_at is null group by 1",
    ),
    Figure(
        Gauge,
        "omni_due_orders",
        "Orders that wait in the queue of the ship-by watch and are due by now.",
        ("shop",),
        """
        select s.shop_name, count(*) from ops.due_orders q join ops.shops s on s.id = q.shop_id
        where q.due_at <= now() group by 1
        """,
    ),
)
_DURATIONS = """
    select api_type, up_to_seconds, sum(calls)::float8, sum(seconds) from ops.call_totals group by 1, 2 order by 1
"""


def read_figures(conn: psycopg.Connection) -> Iterator[Metric]:
    """All of them as of one instant. Raises psycopg.Error; no question may take longer than five seconds."""
    conn.isolation_level, conn.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
    conn.execute("set local statement_timeout = '5s'")
    for figure in FIGURES:
        yield figure.read(conn)
    yield _durations(conn.execute(_DURATIONS).fetchall())


def _durations(rows: Iterable[tuple[str, float, float, float]]) -> Metric:
    """Seconds from sending to the answer, all shops together: per shop it would be thousands of series."""
    by_type: dict[str, list[tuple[float, float, float]]] = {}
    for api_type, *counted in rows:
        by_type.setdefault(api_type, []).append((counted[0], counted[1], counted[2]))
    found = HistogramMetricFamily(
        "omni_temu_call_seconds", "Seconds from sending a call to its answer.", labels=["api_type"]
    )
    for api_type, counts in by_type.items():
        buckets = [(_bound(up_to), sum(n for b, n, _ in counts if b <= up_to)) for up_to in BOUNDS]
        found.add_metric([api_type], buckets, sum(seconds for *_, seconds in counts))
    return found


def _bound(seconds: float) -> str:
    return "+Inf" if math.isinf(seconds) else str(seconds)
