"""The ledger's lines as rows of `ops.ledger`, and the mart that shows them.

Belongs here: keeping the lines of a count. A day that is counted again replaces what was known of it; older days stay
as the last build left them that looked so far back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from connectors.completeness.ledger import Entry
from orchestration.transform.results import fill_again

MODELS = ("int_sync_ledger__typed", "mart_sync_ledger")
"""What is filled again with the lines of the very build that built it, in this order."""

_INSERT = """
    insert into ops.ledger (shop_id, day, stream, reported, landed, set_aside, staged, mart, causes, explained,
        unexplained, run_id)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def keep_ledger(
    database_url: str, entries: Iterable[Entry], *, first: date, last: date, run_id: str, build: Path
) -> None:
    """Replace the lines of the days `first` … `last`, and of records without a day, for all shops.

    `build` is the folder of the dbt build whose marts were counted; where it left no results, the next shows the lines.
    """
    with psycopg.connect(database_url) as connection:
        connection.execute("lock table ops.ledger in share row exclusive mode")  # one count at a time
        connection.execute("delete from ops.ledger where day is null or day between %s and %s", [first, last])
        connection.cursor().executemany(_INSERT, [(*_row(one), run_id) for one in entries])
        fill_again(connection, build, MODELS)


def _row(one: Entry) -> tuple[object, ...]:
    causes = {cause.name.lower(): share for cause, share in one.causes.items()}
    stages = (one.reported, one.landed, one.set_aside, one.staged, one.mart)
    return one.shop_id, one.day, one.stream, *stages, Jsonb(causes), sum(causes.values()), one.unexplained
