"""`GET /metrics` for Prometheus: the connector's figures, this process's events and the queues in front of it.

Belongs here: who may read them, and what only the door knows. Questions to Postgres: `figures`. A scraper on the same
host needs no key as long as nobody else can reach the door; every other one sends a viewer's key.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psycopg
from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connectors.errors import OmniError, TransientError
from orchestration.api.access import SCHEME, needs
from orchestration.api.figures import read_figures
from orchestration.api.problems import responses
from orchestration.api.runs import Runs
from orchestration.ingest.webhook_inbox import waiting_files

METRICS_PATH = "/metrics"
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
Connect = Callable[[], psycopg.Connection]


@dataclass(frozen=True)
class DoorFigures(Collector):
    """Everything that one scrape shows. `events` counts deliveries by outcome since the process began."""

    connect: Connect
    inbox: Path
    events: Callable[[], Mapping[tuple[str, str], int]]
    runs: Runs

    def collect(self) -> Iterator[Metric]:
        """All figures now; TransientError if the database does not tell them."""
        try:
            with self.connect() as conn:
                yield from read_figures(conn)
        except psycopg.Error as error:
            raise TransientError("the database does not tell the figures", remedy="try again later") from error
        yield self._deliveries()
        yield from self._waiting()
        yield from self._queue()

    def _deliveries(self) -> Metric:
        told = "Deliveries at the webhook door: accepted, repeated, refused (with the reason) and test events."
        found = CounterMetricFamily("omni_webhook_deliveries", told, labels=["outcome", "reason"])
        for (outcome, reason), count in self.events().items():
            found.add_metric([outcome, reason], count)
        return found

    def _waiting(self) -> Iterator[Metric]:
        ages = [age for path in waiting_files(self.inbox) if (age := _age(path)) is not None]
        yield GaugeMetricFamily("omni_webhook_inbox_files", "Event files that wait.", value=len(ages))
        yield GaugeMetricFamily(
            "omni_webhook_inbox_oldest_seconds",
            "How long the oldest of them waits; 0 = none does.",
            max(ages, default=0),
        )

    def _queue(self) -> Iterator[Metric]:
        """Dagster's queue, if it tells it: a stopped web server must not hide the other figures."""
        try:
            states = self.runs.unfinished()
        except OmniError:
            return
        found = GaugeMetricFamily("omni_runs", "Runs that wait (pending) or work (running).", labels=["state"])
        for state, count in states.items():
            found.add_metric([state], count)
        yield found


def _age(path: Path) -> float | None:
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except FileNotFoundError:  # it was processed just now
        return None


def metrics_routes(figures: DoorFigures, bind_host: str) -> APIRouter:
    """The route. `bind_host` is the address on which this process listens."""
    registry = CollectorRegistry()
    registry.register(figures)
    ProcessCollector(registry=registry)
    admit = needs("viewer")

    def may_read(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(SCHEME)]) -> None:
        if sent or not is_local(request, bind_host):
            admit(request, sent)

    router = APIRouter(tags=["health"])

    @router.get(
        METRICS_PATH,
        summary="Figures for Prometheus",
        dependencies=[Depends(may_read)],
        response_class=Response,
        responses={
            200: {"description": "Text exposition format", "content": {"text/plain": {"schema": {"type": "string"}}}},
            **responses(401, 403, 429, 503),
        },
    )
    def metrics() -> Response:
        """Calls, rows, quota, lag, dead letters, queues and events. On the same host no key is needed."""
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    return router


def is_local(request: Request, bind_host: str) -> bool:
    """Whether the request comes from this host, to a door that only this host can reach, and through no proxy."""
    peer = request.client.host if request.client else ""
    asked = request.url.hostname or ""
    direct = not any(name in request.headers for name in _FORWARDED)
    return direct and all(_is_loopback(host) for host in (bind_host, peer, asked))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
