"""Superset's background work: what the worker does and when beat asks for it. Used only where a broker exists.

Belongs here: the Celery settings. Without OMNI_SUPERSET_BROKER_URL nothing is queued and neither process is needed;
docker-compose sets it and runs both.
"""

from __future__ import annotations

from datetime import timedelta

KEPT_DAYS = 180
"""How long Superset remembers who asked what."""

LOADED_BY_THE_WORKER = (
    "superset.sql_lab",
    "superset.tasks.cache",
    "superset.tasks.scheduler",
    "superset.tasks.thumbnails",
)


def celery_settings(broker_url: str | None) -> type | None:
    """The class that Superset calls CELERY_CONFIG, or None (no background work) without a broker."""
    if not broker_url:
        return None
    prune = {"retention_period_days": KEPT_DAYS}
    daily = timedelta(days=1)
    return type(
        "CelerySettings",
        (),
        {
            "broker_url": broker_url,
            "task_ignore_result": True,  # nobody waits for what these tasks return
            "imports": LOADED_BY_THE_WORKER,
            "timezone": "Asia/Shanghai",
            "worker_prefetch_multiplier": 1,
            "task_acks_late": True,
            "broker_connection_retry_on_startup": True,
            "beat_schedule": {
                "reports.scheduler": {"task": "reports.scheduler", "schedule": timedelta(minutes=1)},
                "reports.prune_log": {"task": "reports.prune_log", "schedule": daily},
                "prune_query": {"task": "prune_query", "schedule": daily, "kwargs": prune},
                "prune_logs": {
                    "task": "prune_logs",
                    "schedule": daily,
                    "kwargs": {**prune, "max_rows_per_run": 100_000},
                },
            },
        },
    )
