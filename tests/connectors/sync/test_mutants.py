"""Whatever the platform sends, each record lands or is set aside with its reason and its bytes; none is lost silently.

`OMNI_TEST_THOROUGH=1` tries more than ten thousand records, a run of the suite some hundred.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from connectors.postgres.dead_letters import keep_dead_letters
from connectors.postgres.load import Loaded, load_records
from connectors.postgres.packing import fingerprint
from connectors.postgres.tables import RAW_TABLES
from connectors.records import RawRecord
from connectors.sync.writers import letters_of
from connectors.temu.decoding import Rejected
from connectors.temu.privacy import without_personal_data
from tests.connectors.sync.mutants import NEW_FIELD, mutants, samples
from tests.thorough import cases

pytestmark = pytest.mark.thorough

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
BATCH = 50


@dataclass
class Batch:
    """What a handful of mutants became, by stream and table."""

    records: dict[str, dict[str, list[RawRecord]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    rejected: dict[str, list[Rejected]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0


@pytest.fixture(scope="module")
def landing(module_database_url: str) -> Iterator[tuple[asyncio.Runner, AsyncConnection, psycopg.Connection]]:
    with asyncio.Runner() as runner, psycopg.connect(module_database_url, autocommit=True) as reader:
        writer = runner.run(AsyncConnection.connect(module_database_url, autocommit=True))
        yield runner, writer, reader
        runner.run(writer.close())


def _typed(seed: int) -> Batch:
    batch = Batch()
    for sample, sent in mutants(Random(seed), BATCH):  # noqa: S311
        entity = sample.entity
        rows = entity.rows([sent], at=AT, prefix=sample.led_by, extra=sample.followed_by)
        assert len(rows.records) + len(rows.rejected) == 1, (entity.table, sent)
        batch.count += 1
        for record in rows.records:
            assert record.payload in (sent, without_personal_data(sent)), (entity.table, sent)
            batch.records[sample.stream][entity.table].append(record)
        for refused in rows.rejected:
            assert refused.reason_code, (entity.table, sent)
            assert refused.message, (entity.table, sent)
            assert refused.payload == without_personal_data(sent), (entity.table, sent)
            batch.rejected[sample.stream].append(refused)
    return batch


async def _land(writer: AsyncConnection, batch: Batch, shop_id: int) -> dict[str, dict[str, Loaded]]:
    """As a leaf lands: records, then what could not be typed or stored, in one transaction."""
    loaded: dict[str, dict[str, Loaded]] = defaultdict(dict)
    async with writer.transaction():
        for stream in {*batch.records, *batch.rejected}:
            for table, records in batch.records[stream].items():
                counts = await load_records(writer, RAW_TABLES[table], records, shop_id=shop_id, run_id="r")
                loaded[stream][table] = counts
            letters = letters_of(stream, batch.rejected[stream], loaded[stream])
            await keep_dead_letters(writer, letters, shop_id=shop_id, stream=stream, run_id="r")
    return loaded


def test_there_are_samples_of_most_kinds_of_record() -> None:
    assert len({one.entity.table for one in samples()}) >= 20


@settings(max_examples=cases(8, 220), deadline=None)
@given(seed=st.integers(0, 2**40))
def test_every_mutant_lands_or_becomes_a_dead_letter_with_reason_and_payload(landing, seed: int) -> None:
    runner, writer, reader = landing
    batch, shop_id = _typed(seed), seed + 1
    loaded = runner.run(_land(writer, batch, shop_id))
    accounted = 0
    for stream, tables in loaded.items():
        for table, counts in tables.items():
            records = batch.records[stream][table]
            refused = {id(one.record) for one in counts.refused}
            assert counts.inserted + counts.updated + counts.unchanged + counts.stale + len(refused) == len(records)
            keys = {record.key for record in records if id(record) not in refused}
            query = f"select {', '.join(RAW_TABLES[table].key)}, payload from raw_temu.{table} where shop_id = %s"
            stored = {row[:-1]: row[-1] for row in reader.execute(query, [shop_id]).fetchall()}
            assert keys <= stored.keys(), (table, seed)
            accounted += len(records)
    letters = reader.execute(
        "select payload_hash, reason_code, payload from ops.dead_letters where shop_id = %s", [shop_id]
    ).fetchall()
    aside = [one.payload for some in batch.rejected.values() for one in some]
    unstorable = [one.payload for tables in loaded.values() for counts in tables.values() for one in counts.refused]
    assert {bytes(digest) for digest, _, _ in letters} == {fingerprint(one) for one in aside + unstorable}
    assert all(reason for _, reason, _ in letters)
    assert accounted + len(aside) == batch.count


@settings(max_examples=cases(20, 500), deadline=None)
@given(
    number=st.integers(0, 10**6),
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.text(st.characters(exclude_categories=["Cs"], min_codepoint=1)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1), inner, max_size=3),
        max_leaves=6,
    ),
)
def test_a_field_that_nobody_knows_survives_in_the_table(landing, number: int, value: object) -> None:
    runner, writer, reader = landing
    sample = samples()[number % len(samples())]
    sent = json.dumps({**sample.record, NEW_FIELD: value}).encode()
    rows = sample.entity.rows([sent], at=AT, prefix=sample.led_by, extra=sample.followed_by)
    assert rows.rejected == []
    batch = Batch()
    batch.records[sample.stream][sample.entity.table] = rows.records
    shop_id = 2**41 + number
    reader.execute(f"delete from raw_temu.{sample.entity.table} where shop_id = %s", [shop_id])
    runner.run(_land(writer, batch, shop_id))
    query = f"select payload -> '{NEW_FIELD}' from raw_temu.{sample.entity.table} where shop_id = %s"
    assert reader.execute(query, [shop_id]).fetchall() == [(value,)]
