"""Binary COPY rows: the server reads back exactly what was packed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.postgres.packing import RowPacker, fingerprint
from connectors.postgres.tables import RAW_TABLES, RawTable
from connectors.records import RawRecord

TABLE = RawTable(
    "packed", {"sku_id": "bigint"}, {"day": "date", "stock": "integer", "price": "numeric", "name": "text"}
)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
FRACTIONS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=4)
AMOUNT = FRACTIONS | st.integers(-(10**12), 10**12).map(Decimal)
MOMENT = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001
RECORD = st.builds(
    RawRecord,
    st.tuples(st.integers(-(2**63), 2**63 - 1)),
    st.tuples(
        st.none() | st.dates(date(1971, 1, 1), date(2200, 1, 1)),
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | AMOUNT,
        st.none() | TEXT,
    ),
    MOMENT,
    st.sampled_from([b"{}", b'{"a": [1, "\\u00e9 \\\\ \\n"]}', '{"ü":"☕"}'.encode()]),
)
SENT = "shop_id, sku_id, day, stock, price, name, source_updated_at, payload, payload_hash, run_id"
SHOP, RUN = 7, "run-ü"


@pytest.fixture(scope="module")
def connection(module_database_url: str):
    with psycopg.connect(module_database_url, autocommit=True) as conn:
        conn.execute(
            "create temp table packed (shop_id bigint, sku_id bigint, day date, stock integer, price numeric,"
            " name text, source_updated_at timestamptz, payload jsonb, payload_hash bytea, run_id text)"
        )
        yield conn


def _store(connection: psycopg.Connection, *records: RawRecord) -> None:
    connection.execute("truncate packed")
    with connection.cursor().copy(f"copy packed ({SENT}) from stdin (format binary)") as copy:
        copy.write(b"".join(RowPacker(TABLE, shop_id=SHOP, run_id=RUN).pack(records, slice_rows=2)))


@given(records=st.lists(RECORD, max_size=5))
def test_every_value_comes_back_as_it_was(connection: psycopg.Connection, records: list[RawRecord]) -> None:
    _store(connection, *records)
    stored = connection.execute(f"select {SENT} from packed").fetchall()
    assert stored == [
        (
            SHOP,
            *record.key,
            *record.columns,
            record.source_updated_at,
            json.loads(record.payload),
            fingerprint(record.payload),
            RUN,
        )
        for record in records
    ]


def _record(price: Decimal | None = None, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> RawRecord:
    return RawRecord((1,), (None, None, price, None), at, b"{}")


@given(amount=AMOUNT)
def test_an_amount_keeps_its_scale(connection: psycopg.Connection, amount: Decimal) -> None:
    _store(connection, _record(amount))
    expected = f"{abs(amount) if amount == 0 else amount:f}"  # the server knows no negative zero
    assert connection.execute("select price::text from packed").fetchone() == (expected,)


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_unknown(connection: psycopg.Connection, price: str) -> None:
    _store(connection, _record(Decimal(price)))
    assert connection.execute("select price from packed").fetchone() == (None,)


def test_instants_keep_their_microseconds_whatever_their_zone(connection: psycopg.Connection) -> None:
    moment = datetime(2026, 3, 29, 2, 59, 59, 999_999, tzinfo=ZoneInfo("Asia/Shanghai"))
    _store(connection, _record(at=moment))
    assert connection.execute("select source_updated_at from packed").fetchone() == (moment,)


@pytest.mark.parametrize("table", RAW_TABLES.values(), ids=lambda table: table.name)
def test_each_table_is_described_as_the_migrations_made_it(connection: psycopg.Connection, table: RawTable) -> None:
    columns = dict(
        connection.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 order by attnum",
            [f"raw_temu.{table.name}"],
        ).fetchall()
    )
    names = {"timestamp with time zone": "timestamptz"}
    described = {**table.wire, "loaded_at": "timestamptz"}
    assert {name: names.get(kind, kind) for name, kind in columns.items()} == described
    [key] = connection.execute(
        "select array(select attname::text from unnest(conkey) with ordinality k(n, i) join pg_attribute a"
        " on a.attrelid = conrelid and a.attnum = k.n order by i) from pg_constraint"
        " where conrelid = %s::regclass and contype = 'p'",
        [f"raw_temu.{table.name}"],
    ).fetchone()
    assert key == ["shop_id", *table.key]
