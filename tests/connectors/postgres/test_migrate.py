"""The shape of the database after `migrate`, however often and by however many it is called."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from connectors.errors import ConfigurationError
from connectors.postgres.migrate import SCHEMAS, migrate, pending, table_counts
from connectors.postgres.urls import with_database

RAW_KEYS = {
    "activities": ["shop_id", "activity_id"],
    "activity_goods": ["shop_id", "activity_id", "goods_id"],
    "after_sales": ["shop_id", "parent_after_sales_sn"],
    "after_sales_details": ["shop_id", "parent_after_sales_sn"],
    "after_sales_lines": ["shop_id", "after_sales_sn"],
    "cancellations": ["shop_id", "parent_after_sales_sn"],
    "carriers": ["shop_id", "region_id", "carrier_id"],
    "order_amounts": ["shop_id", "parent_order_sn"],
    "order_details": ["shop_id", "parent_order_sn"],
    "order_versions": ["shop_id", "parent_order_sn", "source_updated_at", "payload_hash"],
    "orders": ["shop_id", "parent_order_sn"],
    "product_snapshots": ["shop_id", "sku_id", "snapshot_date"],
    "products": ["shop_id", "sku_id"],
    "return_parcels": ["shop_id", "after_sales_sn"],
    "shipments": ["shop_id", "order_sn"],
    "tracking_events": ["shop_id", "package_sn"],
    "unshipped_packages": ["shop_id", "package_sn"],
    "warehouses": ["shop_id", "warehouse_id"],
    "goods": ["shop_id", "goods_id"],
    "supplier_prices": ["shop_id", "sku_id", "snapshot_date"],
    "sku_stocks": ["shop_id", "sku_id", "snapshot_date"],
    "price_orders": ["shop_id", "price_order_id"],
    "activity_candidates": ["shop_id", "activity_id", "goods_id"],
    "ad_details": ["shop_id", "goods_id", "snapshot_date"],
    "ad_reports": ["shop_id", "report_date"],
    "ad_goods_reports": ["shop_id", "report_date", "goods_id"],
    "bill_files": ["shop_id", "file_type", "period_start"],
    "partner_goods": ["shop_id", "product_skc_id"],
    "partner_stocks": ["shop_id", "product_skc_id", "snapshot_date"],
    "partner_prices": ["shop_id", "product_sku_id", "snapshot_date"],
    "partner_sales": ["shop_id", "product_skc_id", "snapshot_date"],
}


@pytest.fixture
def bare_url(postgres_server):
    """URL of a database that was never migrated."""
    url = postgres_server.create_database(template="template1")
    yield url
    postgres_server.drop_database(url)


def test_migrating_again_changes_nothing_and_leaves_nothing_pending(database_url, settings):
    before = [table_counts(database_url, schema) for schema in SCHEMAS]
    migrate(database_url, settings)
    assert [table_counts(database_url, schema) for schema in SCHEMAS] == before
    assert not pending(database_url)


def test_a_bare_database_is_pending_until_it_is_migrated(bare_url, postgres_server):
    assert pending(bare_url)
    migrate(bare_url, postgres_server.settings)
    assert not pending(bare_url)


def test_four_callers_at_once_all_succeed(bare_url, postgres_server):
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(migrate, bare_url, postgres_server.settings) for _ in range(4)]
    assert [call.exception() for call in calls] == [None] * 4
    assert not pending(bare_url)


def test_callers_in_different_databases_share_the_roles_of_the_server(postgres_server):
    urls = [postgres_server.create_database(template="template1") for _ in range(3)]
    try:
        with ThreadPoolExecutor(3) as pool:
            calls = [pool.submit(migrate, url, postgres_server.settings) for url in urls]
        assert [call.exception() for call in calls] == [None] * 3
    finally:
        for url in urls:
            postgres_server.drop_database(url)


def test_every_schema_exists(module_database_url):
    with psycopg.connect(module_database_url) as connection:
        found = connection.execute("select nspname from pg_namespace where nspname = any(%s)", [list(SCHEMAS)])
        assert {name for (name,) in found.fetchall()} == {
            *("raw_temu", "raw_files", "raw_mall", "ops"),
            *("staging", "intermediate", "marts", "dagster", "superset"),
            *("marts_operations", "marts_manager", "marts_shop_owner"),
        }


def test_every_raw_table_has_the_key_that_makes_loading_repeatable(module_database_url):
    query = """
        select c.relname, array_agg(a.attname::text order by array_position(i.indkey::int[], a.attnum::int))
        from pg_index i join pg_class c on c.oid = i.indrelid join pg_attribute a on a.attrelid = c.oid
        where i.indisprimary and c.relnamespace = 'raw_temu'::regnamespace and a.attnum = any(i.indkey)
        group by 1
    """
    with psycopg.connect(module_database_url) as connection:
        assert dict(connection.execute(query).fetchall()) == RAW_KEYS


def test_payloads_are_compressed_with_lz4_where_the_server_knows_it(module_database_url):
    with psycopg.connect(module_database_url) as connection:
        known = connection.execute(
            "select 'lz4' = any(enumvals) from pg_settings where name = 'default_toast_compression'"
        ).fetchone()
        assert known is not None
        query = """
            select distinct attcompression from pg_attribute join pg_class c on c.oid = attrelid
            where attname = 'payload' and c.relnamespace = 'raw_temu'::regnamespace and c.relkind = 'r'
        """
        assert connection.execute(query).fetchall() == [("l" if known[0] else "",)]


def test_sessions_see_utc_though_the_server_prefers_another_zone(bare_url, postgres_server):
    name = bare_url.rpartition("/")[2]
    with psycopg.connect(bare_url, autocommit=True) as connection:
        connection.execute(f"alter database {name} set timezone to 'Asia/Shanghai'")
    migrate(bare_url, postgres_server.settings)
    with psycopg.connect(bare_url) as connection:
        assert connection.execute("show timezone").fetchone() == ("UTC",)


def test_counts_are_exact_and_leave_views_out(database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("create table marts.mart_gmv_daily as select generate_series(1, 3) as id")
        connection.execute("create view marts.glance as select * from marts.mart_gmv_daily")
    assert table_counts(database_url, "marts") == {"mart_gmv_daily": 3}
    assert table_counts(database_url, "no_such_schema") == {}


def test_a_missing_database_is_named_without_the_password(postgres_server):
    missing = with_database(postgres_server.url, "missing")
    with pytest.raises(ConfigurationError, match='"missing" does not exist → check OMNI_DATABASE_URL') as caught:
        migrate(missing, postgres_server.settings)
    assert postgres_server.url.partition("@")[0].rpartition(":")[2] not in str(caught.value)
