"""Faults that change the contents of an answer: rows that repeat, totals that lie, keys of another type.

Belongs here: changes to a rendered result. Does not belong here: when they happen (see `faults`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from connectors.sandbox.faults import Fault
from connectors.sandbox.operations.operation import Call, Operation, to_json

UNKNOWN_STATUS, UNKNOWN_WORD = 77, "undocumented"
_STATUSES = ("parentOrderStatus", "orderStatus", "parentAfterSalesStatus", "activityStatus", "subStatus4VO", "status")


def distort(fault: Fault, operation: Operation, call: Call, result: bytes) -> bytes:
    """The result after the fault; operations without a list stay as they are."""
    kind = fault.kind
    if kind == "task_timeout" and operation.type == "temu.finance.mall.bill.task.get":
        over = {"status": "TIME_OUT", "errorCode": "TIME_OUT", "fileName": None, "fileUrl": None, "expiresAt": None}
        return to_json(msgspec.json.decode(result) | over)
    if operation.rows is None:
        return result
    if kind == "drift":
        _drift(call, result)
        return result
    body: dict[str, Any] = msgspec.json.decode(result)
    rows = body.get(operation.rows) or []
    if kind == "changed_total" and operation.total:
        body[operation.total] += 1
    elif rows:
        _distort_rows(fault, operation, rows)
    return to_json(body)


def _distort_rows(fault: Fault, operation: Operation, rows: list[dict[str, Any]]) -> None:
    kind = fault.kind
    if kind == "duplicate_rows":
        rows.append(rows[0])
    elif kind == "unknown_fields":
        for row in rows:
            row["futureField"] = {"nested": [1, {"x": None}], "note": "未来 ☕"}
    elif kind == "absent_nulls":
        rows[:] = [_without_nulls(row) for row in rows]
    elif kind == "unknown_status":
        _set_unknown(rows[0], (fault.field,) if fault.field else _STATUSES)
    elif kind == "retyped_field" and (name := fault.field or operation.key):
        _retype(rows, name)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _parts(row: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """What of a row has fields of its own: the row itself, its parent order and its lines."""
    return row, row.get("parentOrderMap") or {}, *(row.get("orderList") or ())


def _set_unknown(row: dict[str, Any], names: Sequence[str]) -> None:
    """Wherever the row holds one of these fields: codes get an unknown number, words an unknown word."""
    for part in _parts(row):
        for name in names:
            if name in part:
                part[name] = UNKNOWN_WORD if isinstance(part[name], str) else UNKNOWN_STATUS


def _retype(rows: Sequence[dict[str, Any]], name: str) -> None:
    """In one place only: numbers become text, everything else becomes a number."""
    parts = (part for row in rows for part in _parts(row))
    owner = next((part for part in parts if part.get(name) is not None), None)
    if owner is not None:
        owner[name] = f"{owner[name]}x" if isinstance(owner[name], int | float) else 12345


def _drift(call: Call, result: bytes) -> None:
    """Touch an order so that rows shift under a reader who has more pages to read.

    A window that ended in the past loses the row just read, so the next page skips one. An open window gains its last
    row at the front, so the next page repeats one and the touched order is never seen where it was.
    """
    body = msgspec.json.decode(result)
    rows: list[dict[str, Any]] = body["pageItems"]
    size = call.params.get("pageSize") or 10
    read = ((call.params.get("pageNumber") or 1) - 1) * size + len(rows)
    if not rows or read >= body["totalItemNum"]:
        return
    end = call.params.get("updateAtEnd")
    keys = call.shop.book.updated_between(call.params.get("updateAtStart") or 0, end if end is not None else call.now)
    victim = rows[0]["parentOrderMap"]["parentOrderSn"] if end is not None and end < call.now else keys[0][1]
    call.shop.book.touch(victim, call.now)
