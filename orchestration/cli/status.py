"""`omni status`: what runs, where, and how fresh each shop's orders are.

Belongs here: looking and telling. Nothing is started, migrated or mended.
"""

from __future__ import annotations

import psycopg

from connectors.postgres.server import DatabaseStatus, running_url
from connectors.postgres.server import status as database_status
from connectors.settings import Settings
from orchestration.cli.console import table
from orchestration.cli.services import Recorded, recorded

NOT_WELL = 3
# The running totals of tasks answer at once, however old the house is. A shop without orders has no such stream.
_SHOPS = """
    select s.shop_name, t.last_ended_at,
        (select count(*) from ops.dead_letters d where d.shop_id = s.id and d.resolved_at is null)
    from ops.shops s left join ops.task_totals t
        on t.shop_id = s.id and t.stream = 'orders' and t.mode = 'live' and t.status = 'completed'
    where s.is_active order by s.shop_name
"""


def show_status(settings: Settings) -> int:
    """Print database, services and shops; 0 when the database answers and all that omni started runs, else 3."""
    database, found = database_status(settings), recorded(settings)
    rows = [("database", str(database), ""), *_services(found)]
    table("omni" if found.supervisor is None else f"omni (pid {found.supervisor})", ("what", "state", "where"), rows)
    url = running_url(settings)
    if url is not None:
        columns = ("shop", "orders read as of (UTC)", "open dead letters")
        table("Shops", columns, _shops(url))
    return 0 if _is_well(database, found) else NOT_WELL


def _services(found: Recorded) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [(one.name, f"running, pid {one.pid}", one.url) for one in found.running]
    rows += [(name, "ended", f"log: logs/{name}.log in the data directory") for name in found.ended]
    if not rows:
        return [("services", "not running", "start them with: omni up")]
    if found.supervisor is None:
        rows.append(("supervisor", "ended", "nothing is started again; omni down, then omni up"))
    return rows


def _shops(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, connect_timeout=10) as connection:
        try:
            found = connection.execute(_SHOPS).fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            return [("the database is older than this omni", "omni db migrate", None)]
    return [(name, as_of and f"{as_of:%Y-%m-%d %H:%M}", letters) for name, as_of, letters in found]


def _is_well(database: DatabaseStatus, found: Recorded) -> bool:
    return database.running and found.supervisor is not None and bool(found.running) and not found.ended
