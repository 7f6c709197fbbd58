"""EU statement files: `temu.finance.mall.bill.task.create` and `….get`, and the file behind the expiring address.

A task is ready a second after it was made, or when it is looked at again; its id says everything else. The file
holds the same statements as the companion files (API section 15; format and columns are ours, nobody documents them).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.sandbox.envelope import BILL_INVALID, GatewayError
from connectors.sandbox.files import settlements
from connectors.sandbox.operations.operation import Call, Json, Operation, to_json
from connectors.sandbox.parameters import Form
from connectors.sandbox.world.shops import DAY, digits
from connectors.sandbox.world.world import World

STATEMENT, PAYMENT = "STATEMENT_REPORT", "PAYMENT_REPORT"
_LETTERS = {STATEMENT: "S", PAYMENT: "P"}
READY_AFTER, EXPIRES_AFTER = 1, 600
"""Seconds from making a task to its file, and from a file's address to its end."""
_LONGEST = 92 * DAY
"""A task over a longer span times out."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a task's id says; instants are epoch seconds, `[start, end]`."""

    kind: str
    mall_id: int
    start: int
    end: int
    made: int

    @property
    def id(self) -> str:
        """The id, unguessable enough for a sandbox."""
        text = f"{_LETTERS[self.kind]}-{self.mall_id}-{self.start}-{self.end}-{self.made}"
        return f"SBX-BILL-{text}-{digits('bill', text, length=8)}"

    @classmethod
    def of(cls, text: object) -> Task | None:
        """The task with this id; None if nobody ever made it."""
        parts = str(text).split("-")
        if len(parts) != 8 or parts[2] not in _LETTERS.values() or not all(part.isdigit() for part in parts[3:7]):
            return None
        kind = next(kind for kind, letter in _LETTERS.items() if letter == parts[2])
        task = cls(kind, *map(int, parts[3:7]))
        return task if task.id == text else None

    def status_at(self, now: int) -> str:
        """PROCESSING, then SUCCESS or TIME_OUT."""
        if now < self.made + READY_AFTER:
            return "PROCESSING"
        return "TIME_OUT" if self.end - self.start > _LONGEST else "SUCCESS"

    @property
    def file_name(self) -> str:
        """Kind and month-like span, as a person would name it."""
        first, last = (datetime.fromtimestamp(at, UTC).strftime("%Y%m%d") for at in (self.start, self.end))
        return f"{self.kind.split('_')[0].lower()}-{self.mall_id}-{first}-{last}.csv"


def create_task(call: Call) -> bytes:
    """Start making a file for a span in milliseconds, UTC."""
    kind, low, high = (call.params.get(name) for name in ("fileType", "startTime", "endTime"))
    if kind not in _LETTERS:
        raise GatewayError(BILL_INVALID, "fileType")
    if low is None or high is None or low < 10**11 or high <= low:
        raise GatewayError(BILL_INVALID, "startTime, endTime")
    task = Task(str(kind), call.shop.profile.mall_id, low // 1000, high // 1000, call.now)
    return to_json({"taskId": task.id, "status": "PROCESSING", "fileType": task.kind})


def show_task(call: Call) -> bytes:
    """How far the task is; ready ones name a file that can be fetched for some minutes."""
    task = Task.of(call.params.get("taskId"))
    if task is None or task.mall_id != call.shop.profile.mall_id:
        raise GatewayError(BILL_INVALID, "taskId")
    status = task.status_at(call.now + READY_AFTER * (task.id in call.shop.tasks_looked_at))
    call.shop.tasks_looked_at.add(task.id)
    answer: Json = {
        "taskId": task.id, "fileType": task.kind, "status": status, "fileName": None, "fileUrl": None,
        "expiresAt": None, "errorCode": None, "errorMessage": None,
    }  # fmt: skip
    if status == "SUCCESS":
        expires = call.now + EXPIRES_AFTER
        url = f"{call.base_url}/sandbox/bills/{task.id}?expires={expires}&key={_key(task, expires)}"
        answer |= {"fileName": task.file_name, "fileUrl": url, "expiresAt": expires * 1000}
    elif status == "TIME_OUT":
        answer |= {"errorCode": "TIME_OUT", "errorMessage": "the report took too long"}
    return to_json(answer)


def bill_file(world: World, task_id: str, expires: str, key: str, now: int) -> bytes | None:
    """The file behind an address; None if the address is wrong or over."""
    task = Task.of(task_id)
    if task is None or not expires.isdigit() or key != _key(task, int(expires)) or int(expires) <= now:
        return None
    name = world.shop(task.mall_id).profile.name
    if task.kind == STATEMENT:
        return _csv(settlements.LINE_COLUMNS, settlements.line_rows(world, min(now, task.end)), name, task)
    return _csv(settlements.PAYOUT_COLUMNS, settlements.payout_rows(world, min(now, task.end)), name, task)


def _csv(columns: tuple[str, ...], rows: Iterable[tuple[object, ...]], shop: str, task: Task) -> bytes:
    moment = columns.index("settled_at" if "settled_at" in columns else "paid_at")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        if row[0] == shop and task.start <= datetime.fromisoformat(str(row[moment])).timestamp() <= task.end:
            writer.writerow(row)
    return text.getvalue().encode("utf-8-sig")


def _key(task: Task, expires: int) -> str:
    return digits("bill file", task.id, expires, length=16)


OPERATIONS = (
    Operation(
        "temu.finance.mall.bill.task.create", create_task,
        {"fileType": Form.STRING, "startTime": Form.INT, "endTime": Form.INT}, local_only=True, gateways=("EU",),
    ),
    Operation(
        "temu.finance.mall.bill.task.get", show_task, {"taskId": Form.STRING}, local_only=True, gateways=("EU",)
    ),
)  # fmt: skip
