"""`bg.tmc.message.update`: which events of a shop the platform sends (API section 16.1). Result is a bare boolean."""

from __future__ import annotations

from connectors.sandbox.envelope import (
    EVENT_IN_BOTH_LISTS,
    EVENT_NOT_SUBSCRIBED,
    TOO_MANY_EVENTS,
    GatewayError,
)
from connectors.sandbox.operations.operation import Call, Operation, to_json
from connectors.sandbox.parameters import Form

EVENTS = (
    "bg_order_status_change_event", "bg_trade_logistics_address_changed", "bg_aftersales_status_change",
    "bg_cancel_order_status_change",
)  # fmt: skip
"""What the company's app has subscribed in the partner console."""
_MOST = 20


def update_events(call: Call) -> bytes:
    """Permit and cancel event codes; both lists may hold twenty, and no code may be in both."""
    permitted = call.params.get("permitEventCodeList") or []
    cancelled = call.params.get("cancelEventCodeList") or []
    if len(permitted) > _MOST or len(cancelled) > _MOST:
        raise GatewayError(TOO_MANY_EVENTS)
    for event in permitted:
        if event in cancelled:
            raise GatewayError(EVENT_IN_BOTH_LISTS, event)
        if event not in EVENTS:
            raise GatewayError(EVENT_NOT_SUBSCRIBED, event)
    left = [event for event in call.events if event not in cancelled]
    call.events[:] = left + [event for event in dict.fromkeys(permitted) if event not in left]
    return to_json(True)


OPERATIONS = (
    Operation(
        "bg.tmc.message.update", update_events,
        {"permitEventCodeList": Form.STRINGS, "cancelEventCodeList": Form.STRINGS}, per_second=1.0,
    ),
)  # fmt: skip
