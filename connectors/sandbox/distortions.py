"""Faults that change the contents of an answer: rows that repeat, totals that lie, keys of another type.

Belongs here: changes to a rendered result. Does not belong here: when they happen (see `faults`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.sandbox.operations.operation import Call, Operation, to_json

UNKNOWN_STATUS = 77


def distort(kind: str, operation: Operation, call: Call, result: bytes) -> bytes:
    """The result after the fault; operations without a list stay as they are."""
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
        _distort_rows(kind, operation, rows)
    return to_json(body)


def _distort_rows(kind: str, operation: Operation, rows: list[dict[str, Any]]) -> None:
    if kind == "duplicate_rows":
        rows.append(rows[0])
    elif kind == "unknown_fields":
        for row in rows:
            row["futureField"] = {"nested": [1, {"x": None}], "note": "未来 ☕"}
    elif kind == "absent_nulls":
        rows[:] = [_without_nulls(row) for row in rows]
    elif kind == "unknown_status":
        _set_status(rows[0])
    elif kind == "retyped_field" and operation.key:
        owner = rows[0].get("parentOrderMap", rows[0])
        owner[operation.key] = _retyped(owner[operation.key])


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _set_status(row: dict[str, Any]) -> None:
    """Every field of the row, or of its parent and lines, that holds a status code."""
    for part in (row, row.get("parentOrderMap", {}), *row.get("orderList", [])):
        for name in ("parentOrderStatus", "orderStatus", "parentAfterSalesStatus", "activityStatus", "subStatus4VO"):
            if name in part:
                part[name] = UNKNOWN_STATUS


def _retyped(value: object) -> object:
    """Numbers become text, texts become a number."""
    return str(value) + "x" if isinstance(value, int) else 12345


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
