"""`bg.open.accesstoken.info.get` describes a token, `….create` gives one for a code (API section 2).

There is no refresh: a code is redeemed once, and the shop's earlier token is dead from then on.
"""

from __future__ import annotations

from connectors.sandbox.operations.events import EVENTS
from connectors.sandbox.operations.operation import ROUTERS, Call, Json, Operation, to_json
from connectors.sandbox.parameters import Form


def token_info(call: Call) -> bytes:
    """`expiredTime` is in seconds; `apiScopeList` is exactly what the token may call."""
    profile = call.shop.profile
    return to_json(_described(call) | {"semiUniqueId": None if profile.is_local else f"SEMI-{profile.mall_id}"})


def create_token(call: Call) -> bytes:
    """The token that the gateway has just issued for the caller's code."""
    return to_json(_described(call) | {"accessToken": call.token, "associatedMallTokenList": []})


def _described(call: Call) -> Json:
    profile = call.shop.profile
    return {
        "mallId": profile.mall_id,
        "mallType": 1 if profile.is_local else 2,
        "regionId": profile.region_id,
        "expiredTime": call.expires,
        "apiScopeList": list(call.scopes),
        "appSubscribeEventCodeList": list(EVENTS),
        "appSubscribeStatus": 0,
        "authEventCodeList": [
            {"eventCode": event, "permitsStatus": int(event in call.events)}
            for event in sorted({*EVENTS, *call.events})
        ],
    }


OPERATIONS = (
    Operation("bg.open.accesstoken.info.get", token_info, gateways=(*ROUTERS, "CN")),
    Operation("bg.open.accesstoken.info.get.global", token_info, gateways=("PARTNER",)),
    Operation("bg.open.accesstoken.create", create_token, {"code": Form.STRING}, by_code=True),
)
