"""The SQL of landing, composed from a table's description.

Belongs here: statements without values. Which of them runs when is said in `load`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from psycopg.sql import SQL, Composed, Identifier

from connectors.postgres.tables import RawTable


def name_of(table: RawTable) -> Identifier:
    """The raw table."""
    return Identifier("raw_temu", table.name)


def incoming(table: RawTable) -> Identifier:
    """The connection's own temporary table in which changed rows are judged."""
    return Identifier(f"incoming_{table.name}")


@cache
def stored(table: RawTable) -> Composed:
    """Key, update time and hash of given keys; parameters: one JSON array per key column, then the shop.

    A thousand keys as one JSON text cost the client a tenth of what an array parameter of the same keys costs.
    """
    return SQL(
        "select {keys}, t.source_updated_at, t.payload_hash from {name} t"
        " join unnest({arrays}) as k ({plain}) on ({keys}) = ({wanted}) where t.shop_id = %s"
    ).format(
        keys=_columns(table.key, "t"),
        wanted=_columns(table.key, "k"),
        plain=_columns(table.key),
        arrays=SQL(", ").join(
            SQL("array(select v::{} from json_array_elements_text(%s::json) v)").format(SQL(kind))
            for kind in table.key.values()
        ),
        name=name_of(table),
    )


def copy(table: RawTable, into: Identifier) -> Composed:
    """Binary COPY of all columns that are sent."""
    return SQL("copy {} ({}) from stdin (format binary)").format(into, _columns(table.wire))


@cache
def create_incoming(table: RawTable) -> Composed:
    """The temporary table; it outlives the transaction, its rows do not."""
    return SQL(
        "create temp table if not exists {} (like {} including defaults including compression) on commit delete rows"
    ).format(incoming(table), name_of(table))


@cache
def clear_incoming(table: RawTable) -> Composed:
    """Empty it for the next batch of the same transaction."""
    return SQL("delete from {}").format(incoming(table))


@cache
def merge(table: RawTable) -> Composed:
    """Judge every incoming row, keep what loses, write what wins; gives (verdict, count) rows."""
    return SQL(
        """
        with judged as materialized (
            select {keys}, i.payload is distinct from s.payload as differs,
                case
                    when s.shop_id is null then 'inserted'
                    when i.source_updated_at < s.source_updated_at then 'stale'
                    when i.payload = s.payload and ({first_sight} or i.source_updated_at = s.source_updated_at)
                        then 'unchanged'
                    else 'updated'
                end as verdict
            from {incoming} i left join {name} s on (s.shop_id, {stored_keys}) = (i.shop_id, {keys})
        ), {archived} written as (
            insert into {name} as t ({columns})
            select {sent} from {incoming} i join judged j on ({keys}) = ({judged_keys})
            where j.verdict in ('inserted', 'updated')
            on conflict (shop_id, {plain_keys}) do update set {changes}, loaded_at = now()
        )
        select verdict, count(*)::int from judged group by verdict
        """
    ).format(
        keys=_columns(table.key, "i"),
        stored_keys=_columns(table.key, "s"),
        judged_keys=_columns(table.key, "j"),
        plain_keys=_columns(table.key),
        first_sight=SQL("true" if table.first_sight else "false"),
        incoming=incoming(table),
        name=name_of(table),
        archived=_archive(table) if table.versions else SQL(""),
        columns=_columns(table.wire),
        sent=_columns(table.wire, "i"),
        changes=SQL(", ").join(
            SQL("{0} = excluded.{0}").format(Identifier(column))
            for column in table.wire
            if column not in ("shop_id", *table.key)
        ),
    )


def _archive(table: RawTable) -> Composed:
    """Keep superseded states and late ones: together with the current rows they are all that was ever observed."""
    both = SQL("{} i").format(incoming(table))
    joined = SQL("{} i join {} s using (shop_id, parent_order_sn)").format(incoming(table), name_of(table))
    return SQL(
        """
        archived as (
            insert into {versions} (shop_id, parent_order_sn, parent_status, line_statuses, source_updated_at,
                payload_hash, loaded_at, run_id)
            {superseded} where j.verdict = 'updated' and j.differs
            union all
            {late} where j.verdict = 'stale'
            on conflict do nothing
        ),
        """
    ).format(
        versions=Identifier("raw_temu", table.versions or ""),
        superseded=_version_of("s", joined),
        late=_version_of("i", both),
    )


def _version_of(alias: str, source: Composed) -> Composed:
    # The hash is taken from jsonb's own text, so that the same content counts once however its keys were ordered.
    return SQL(
        """
        select {a}.shop_id, {a}.parent_order_sn, {a}.status,
            coalesce((
                select jsonb_object_agg(line ->> 'orderSn', line -> 'orderStatus')
                from jsonb_array_elements(
                    case jsonb_typeof({a}.payload -> 'orderList')
                        when 'array' then {a}.payload -> 'orderList' else '[]'
                    end
                ) as line
                where line ->> 'orderSn' is not null
            ), '{{}}'),
            {a}.source_updated_at, substring(sha256(convert_to({a}.payload::text, 'UTF8')) for 16),
            {a}.loaded_at, {a}.run_id
        from {source} join judged j using (parent_order_sn)
        """
    ).format(a=SQL(alias), source=source)


def _columns(names: Iterable[str], alias: str | None = None) -> Composed:
    return SQL(", ").join(Identifier(alias, name) if alias else Identifier(name) for name in names)
