"""Unpacking in steps gives what unpacking at once gives, and reads only what landed since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import Landing, money

UNPACKED = (
    "base_temu__order_lines",
    "base_temu__order_amounts",
    "base_temu__order_line_amounts",
    "base_temu__delivered_versions",
    "base_temu__destinations",
)
RAW = "raw_temu.orders, raw_temu.order_amounts, raw_temu.order_versions, raw_temu.order_details"


class Steps:
    """A warehouse in which time passes between builds."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.landing = Landing(warehouse)

    def unpack(self, *arguments: str) -> None:
        self.warehouse.dbt("run", "--select", *UNPACKED, *arguments)

    def an_hour_passes(self) -> None:
        for table in RAW.split(", "):
            self.warehouse.execute(f"update {table} set loaded_at = loaded_at - interval '1 hour'")
        if self.warehouse.rows("select 1 from pg_tables where tablename = 'unpacked'"):
            self.warehouse.execute("update staging.unpacked set read_at = read_at - interval '1 hour'")

    def contents(self) -> dict[str, list[str]]:
        return {
            model: [
                row["row"] for row in self.warehouse.rows(f"select t::text as row from staging.{model} t order by 1")
            ]
            for model in UNPACKED
        }

    def land_anything(self, chance: Random) -> None:
        """A new order or another state of one that is there, with or without lines, money and a past."""
        sn = f"PO-{chance.randrange(8)}"
        lines = [
            {"orderSn": f"{sn}-{n}", "orderStatus": chance.choice([2, 4, 5, None]), "quantity": chance.randrange(4)}
            for n in range(chance.randrange(3))
        ]
        self.forget("orders", sn)
        self.landing.order(sn, chance.choice([lines, lines, None]))
        if chance.random() < 0.6:
            self.forget("order_amounts", sn)
            amounts = [{"orderSn": line["orderSn"], "quantity": 1, "basePrice": money(500)} for line in lines]
            self.landing.land(
                "order_amounts", {"orderList": amounts}, parent_order_sn=sn, api_type="bg.order.amount.query"
            )
        if chance.random() < 0.4:
            self.forget("order_details", sn)
            self.landing.detail(sn, chance.choice(["Ohio", "Utah", " ", None]))
        if chance.random() < 0.5:
            self.past_state(sn, {f"{sn}-0": chance.choice([4, 5])}, minutes=chance.randrange(9))

    def forget(self, table: str, sn: str) -> None:
        self.warehouse.execute(f"delete from raw_temu.{table} where parent_order_sn = '{sn}'")

    def past_state(self, sn: str, statuses: dict[str, int], *, minutes: int) -> None:
        self.warehouse.execute(
            "insert into raw_temu.order_versions (shop_id, parent_order_sn, line_statuses, source_updated_at,"
            f" payload_hash, run_id) values (1, '{sn}', '{json.dumps(statuses)}',"
            f" '2026-01-01'::timestamptz + interval '{minutes} minutes', 'h', 'r') on conflict do nothing"
        )


@pytest.fixture
def steps(warehouse: Warehouse) -> Iterator[Steps]:
    yield Steps(warehouse)
    warehouse.execute(f"truncate {RAW}")


@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_of_changes_unpacks_to_what_a_full_refresh_gives(steps: Steps, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a reproducible world
    for _ in range(4):
        for _ in range(chance.randrange(1, 5)):
            steps.land_anything(chance)
        steps.unpack()
        steps.an_hour_passes()
    gradually = steps.contents()
    steps.unpack("--full-refresh")
    assert gradually == steps.contents()
    assert gradually["base_temu__order_lines"]


def test_what_landed_before_the_last_build_is_not_read_again(steps: Steps) -> None:
    steps.landing.order("PO-OLD", [{"orderSn": "OLD-1", "quantity": 1}])
    steps.an_hour_passes()
    steps.unpack()
    steps.warehouse.execute("update staging.base_temu__order_lines set quantity = 77")
    steps.landing.order("PO-NEW", [{"orderSn": "NEW-1", "quantity": 2}])
    steps.unpack()
    assert _quantities(steps) == {"OLD-1": 77, "NEW-1": 2}


def test_a_row_whose_transaction_was_slow_is_not_missed(steps: Steps) -> None:
    steps.landing.order("PO-1", [{"orderSn": "ONE-1", "quantity": 1}])
    steps.unpack()
    steps.landing.order("PO-2", [{"orderSn": "TWO-1", "quantity": 2}])
    # It began ten minutes before the build and was committed after it.
    steps.warehouse.execute(
        "update raw_temu.orders set loaded_at = now() - interval '10 minutes' where parent_order_sn = 'PO-2'"
    )
    steps.unpack()
    assert _quantities(steps) == {"ONE-1": 1, "TWO-1": 2}


def test_a_changed_model_reads_everything_anew(steps: Steps) -> None:
    steps.landing.order("PO-1", [{"orderSn": "ONE-1", "quantity": 1}])
    steps.unpack()
    steps.an_hour_passes()
    steps.warehouse.execute("update staging.base_temu__order_lines set quantity = 77")
    steps.warehouse.execute("update staging.unpacked set meaning = 'that of an older release'")
    steps.unpack()
    assert _quantities(steps) == {"ONE-1": 1}


def test_a_detail_that_lands_later_tells_the_lines_where_they_go(steps: Steps) -> None:
    def states() -> dict[str, Any]:
        steps.warehouse.dbt("build", "--select", "+stg_temu__orders", "--exclude-resource-type", "unit_test")
        lines = steps.warehouse.rows("select order_sn, shipping_state from staging.stg_temu__orders")
        steps.an_hour_passes()
        return {line["order_sn"]: line["shipping_state"] for line in lines}

    steps.landing.order("PO-1", [{"orderSn": "ONE-1"}, {"orderSn": "ONE-2"}])
    steps.landing.order("PO-2", [{"orderSn": "TWO-1"}])
    assert states() == {"ONE-1": None, "ONE-2": None, "TWO-1": None}
    steps.landing.detail("PO-1", "Ohio")
    assert states() == {"ONE-1": "Ohio", "ONE-2": "Ohio", "TWO-1": None}
    steps.forget("order_details", "PO-1")
    steps.landing.detail("PO-1", "Utah")
    steps.landing.detail("PO-2", "Ohio")
    assert states() == {"ONE-1": "Utah", "ONE-2": "Utah", "TWO-1": "Ohio"}


def _quantities(steps: Steps) -> dict[str, Any]:
    return {
        row["order_sn"]: row["quantity"]
        for row in steps.warehouse.rows("select order_sn, quantity from staging.base_temu__order_lines")
    }
