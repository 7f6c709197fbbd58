"""Start reading orders or products, all or one, and ask how far it is. A start is a Dagster run; its id is the task id.

Belongs here: requests, answers and which job they mean. The same request again while its run is unfinished answers with
that run, so a caller may repeat itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal, LiteralString, cast
from uuid import UUID

import psycopg
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, model_validator

from connectors.api_keys import ApiKey
from connectors.shops import Shop, list_shops
from connectors.temu.entities import number_of
from orchestration.api import tasks
from orchestration.api.access import Operator, Viewer, audit
from orchestration.api.extent import count_parts, extent_of
from orchestration.api.fields import EXAMPLE_TASK, PlainText
from orchestration.api.problems import ProblemError, responses
from orchestration.api.runs import Asked, Run, Runs
from orchestration.names import (
    INGEST_ORDERS,
    INGEST_PRODUCTS,
    MODE_TAG,
    NAMED_ORDERS_STEP,
    NAMED_PRODUCTS_STEP,
    REFRESH_ORDERS,
    REFRESH_PRODUCTS,
    SHOP_DAY_STEP,
    SHOP_STEP,
    WINDOW,
)

Kind = Literal["orders", "products"]
JOBS: dict[Kind, tuple[str, ...]] = {
    "orders": (INGEST_ORDERS, REFRESH_ORDERS),
    "products": (INGEST_PRODUCTS, REFRESH_PRODUCTS),
}
OrderSn = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        examples=["PO-211-01234567890123456"],
        description="Parent order number; in shops of the simplified interface the order number, whatever its form.",
    ),
]
GoodsId = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        examples=["601099512345678"],
        description="Goods id; in shops of the simplified interface the product id.",
    ),
]
ShopChoice = Annotated[PlainText | None, Query(description="Name, mall id or id; needed for what was never read.")]


class ReadProducts(BaseModel):
    """Which shops to read; empty = all active ones."""

    model_config = {"extra": "forbid", "json_schema_extra": {"examples": [{"shops": ["Acme US"]}]}}

    shops: list[PlainText] = Field(default_factory=list, max_length=500, description="Names, mall ids or ids.")


class ReadOrders(ReadProducts):
    """News since the last run, or these whole days: UTC days of update time, both inclusive."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "examples": [{}, {"shops": ["Acme US"], "first_day": "2026-11-01", "last_day": "2026-11-07"}]
        },
    }

    first_day: date | None = None
    last_day: date | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> ReadOrders:
        if (self.first_day is None) != (self.last_day is None):
            raise ValueError("give first_day and last_day, or neither")
        if self.first_day and self.last_day and not self.first_day <= self.last_day:
            raise ValueError("first_day is after last_day")
        if self.first_day and self.first_day < date(2015, 1, 1):
            raise ValueError("there were no orders before 2015")
        return self


class Task(BaseModel):
    """A task as it stands. `progress` is the share of its expected parts that have ended: one per shop and stream.

    `eta_seconds` is told by the pace so far, before a first part has ended by what such tasks usually take; null = not
    known. Counts of running parts are a few seconds old.
    """

    model_config = {"json_schema_extra": {"examples": [EXAMPLE_TASK]}}

    task_id: UUID
    kind: Kind
    state: Literal["pending", "running", "completed", "failed"]
    progress: float = 0.0
    eta_seconds: int | None = None
    requested_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    counts: dict[str, int] = Field(default_factory=dict, description="Sums over all parts.")
    parts: list[tasks.Part] = Field(default_factory=list, description="One per shop and stream that has begun.")
    items: list[tasks.Item] = Field(
        default_factory=list, description="Single records: what was named, what was set aside."
    )
    status_url: str


def sync_routes(runs: Runs, connect: Callable[[], psycopg.Connection]) -> APIRouter:
    """The routes below /api/sync."""
    router = APIRouter(prefix="/api/sync", tags=["sync"])
    desk = _Desk(runs, connect)
    started = responses(400, 401, 403, 413, 422, 429, 503)
    seen = responses(401, 403, 404, 422, 429, 503)

    @router.post("/orders", status_code=202, summary="Read orders, money, details and after-sales", responses=started)
    def read_orders(key: Operator, response: Response, wanted: ReadOrders | None = None) -> Task:
        """News of all shops by default; narrow it to shops and days."""
        return desk.read("orders", wanted or ReadOrders(), key, response)

    @router.post("/orders/{order_sn}", status_code=202, summary="Read one parent order again", responses=started)
    def read_order(key: Operator, response: Response, order_sn: OrderSn, shop: ShopChoice = None) -> Task:
        """Its lines, money, packages and after-sales cases, as they are now."""
        return desk.refresh("orders", order_sn, shop, key, response)

    @router.get("/orders/status/{task_id}", summary="How far a task of orders is", responses=seen)
    def orders_status(_key: Viewer, task_id: UUID) -> Task:
        """State, counts, progress and the estimated time to its end."""
        return desk.status("orders", task_id)

    @router.post("/products", status_code=202, summary="Read products, prices, stock, activities", responses=started)
    def read_products(key: Operator, response: Response, wanted: ReadProducts | None = None) -> Task:
        """The whole catalogue of all shops by default."""
        return desk.read("products", wanted or ReadProducts(), key, response)

    @router.post("/products/{goods_id}", status_code=202, summary="Read one product again", responses=started)
    def read_product(key: Operator, response: Response, goods_id: GoodsId, shop: ShopChoice = None) -> Task:
        """All SKUs of the goods, with price and stock as they are now."""
        return desk.refresh("products", goods_id, shop, key, response)

    @router.get("/products/status/{task_id}", summary="How far a task of products is", responses=seen)
    def products_status(_key: Viewer, task_id: UUID) -> Task:
        """State, counts, progress and the estimated time to its end."""
        return desk.status("products", task_id)

    return router


class _Desk:
    """From requests to runs, and from runs to answers."""

    def __init__(self, runs: Runs, connect: Callable[[], psycopg.Connection]) -> None:
        self._runs = runs
        self._connect = connect

    def read(self, kind: Kind, wanted: ReadProducts, key: ApiKey, response: Response) -> Task:
        """Start the job that reads whole shops."""
        names = tuple(shop.shop_name for shop in self._active(wanted.shops)) if wanted.shops else ()
        config: dict[str, object] = {"shops": list(names)}
        tags = {}
        if isinstance(wanted, ReadOrders) and wanted.first_day and wanted.last_day:
            config |= {"first_day": wanted.first_day.isoformat(), "last_day": wanted.last_day.isoformat()}
            tags = {MODE_TAG: WINDOW}
        step = SHOP_DAY_STEP if kind == "orders" else SHOP_STEP
        asked = Asked(JOBS[kind][0], {"ops": {step: {"config": config}}}, tags)
        days = f"{config['first_day']} to {config['last_day']}" if tags else "news"
        return self._start(kind, asked, key, response, shops=names or "all", days=days)

    def refresh(self, kind: Kind, name: str, shop: str | None, key: ApiKey, response: Response) -> Task:
        """Start the job that reads one order or product."""
        owner = self._owner(kind, name, shop)
        step = NAMED_ORDERS_STEP if kind == "orders" else NAMED_PRODUCTS_STEP
        config = {"named": [{"mall_id": owner.temu_shop_id, "number": name}]}
        asked = Asked(JOBS[kind][1], {"ops": {step: {"config": config}}}, {})
        return self._start(kind, asked, key, response, shop=owner.shop_name, number=name)

    def status(self, kind: Kind, task_id: UUID) -> Task:
        """What Dagster and the tables say about a task."""
        run = self._runs.find(str(task_id), JOBS[kind])
        if run is None:
            raise ProblemError(404, f"no task of {kind} has the id {task_id}")
        return self._told(kind, run)

    def _start(self, kind: Kind, asked: Asked, key: ApiKey, response: Response, **what: object) -> Task:
        run, is_new = self._runs.start(asked, requested_by=key.name)
        if is_new:
            audit(key, f"sync {kind}", task=run.id, job=run.job, **what)
        response.headers["Location"] = _status_url(kind, run)
        return self._told(kind, run)

    def _told(self, kind: Kind, run: Run) -> Task:
        with self._connect() as conn:
            parts = tasks.parts_of(conn, run.id)
            items = tasks.items_of(conn, run.id)
            extent = extent_of(run)
            usual = tasks.usual_seconds(conn, mode=extent.mode, streams=extent.streams, days=extent.days)
            expected = count_parts(conn, run, extent.streams)
        done = tasks.progress(parts, expected, run.state)
        names = ("calls", "rows_read", "rows_inserted", "rows_updated", "rows_unchanged", "rows_dead_lettered")
        return Task(
            task_id=UUID(run.id),
            kind=kind,
            state=cast("Literal['pending', 'running', 'completed', 'failed']", run.state),
            progress=done,
            eta_seconds=tasks.eta_seconds(done, usual, run.started_at, datetime.now(UTC), run.state),
            requested_at=run.requested_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            counts={name: sum(getattr(part, name) for part in parts) for name in names},
            parts=parts,
            items=items,
            status_url=_status_url(kind, run),
        )

    def _active(self, wanted: Sequence[str]) -> list[Shop]:
        with self._connect() as conn:
            shops = list_shops(conn, active_only=True)
        found = {name: next((one for one in shops if name in _names(one)), None) for name in wanted}
        missing = [name for name, shop in found.items() if shop is None]
        if missing:
            raise ProblemError(422, f"no active shop is called {', '.join(missing)}")
        return sorted({shop.id: shop for shop in found.values() if shop}.values(), key=lambda shop: shop.id)

    def _owner(self, kind: Kind, name: str, shop: str | None) -> Shop:
        """The shop of an order or product: as said, as known from the tables, or the only one there is."""
        if shop is not None:
            return self._active([shop])[0]
        with self._connect() as conn:
            shops = list_shops(conn, active_only=True)
            owners = {row[0] for row in conn.execute(_OWNERS[kind], {"sn": name, "number": number_of(name)})}
        candidates = [one for one in shops if one.id in owners] or (shops if len(shops) == 1 else [])
        if len(candidates) != 1:
            raise ProblemError(422, f"{name} was never read or is no single shop's: say whose it is with ?shop=")
        return candidates[0]


_OWNERS: Mapping[Kind, LiteralString] = {
    "orders": "select shop_id from raw_temu.orders where parent_order_sn = %(sn)s",
    # A product of the simplified interface has no goods: it is kept under the number of its id.
    "products": (
        "select distinct shop_id from raw_temu.products"
        " where goods_id = %(number)s or goods_id is null and sku_id = %(number)s"
    ),
}


def _names(shop: Shop) -> tuple[str, str, str]:
    return shop.shop_name, str(shop.temu_shop_id), str(shop.id)


def _status_url(kind: Kind, run: Run) -> str:
    return f"/api/sync/{kind}/status/{run.id}"
