"""`bg.open.accesstoken.info.get`: a token's shop, expiry and operations (API section 2.4)."""

from __future__ import annotations

from connectors.sandbox.operations.operation import Call, Operation, to_json

_EVENTS = ("bg_order_status_change_event", "bg_aftersales_status_change", "bg_cancel_order_status_change")


def token_info(call: Call) -> bytes:
    """`expiredTime` is in seconds; `apiScopeList` is exactly what the token may call."""
    profile = call.shop.profile
    return to_json(
        {
            "mallId": profile.mall_id,
            "mallType": 1 if profile.is_local else 2,
            "semiUniqueId": None if profile.is_local else f"SEMI-{profile.mall_id}",
            "regionId": profile.region_id,
            "expiredTime": call.expires,
            "apiScopeList": list(call.scopes),
            "appSubscribeEventCodeList": list(_EVENTS),
            "appSubscribeStatus": 0,
            "authEventCodeList": [{"eventCode": event, "permitsStatus": 1} for event in _EVENTS],
        }
    )


OPERATIONS = (Operation("bg.open.accesstoken.info.get", token_info),)
