"""The gateway's answers and codes (API sections 3.4, 4). HTTP status is always 200."""

from __future__ import annotations

import itertools
import json

SUCCESS = 1000000
BAD_PARAMS = 3000000
SIGN_INVALID = 3000001
NO_TYPE, UNKNOWN_TYPE, SUNSET_TYPE = 3000002, 3000003, 3000004
NO_TIMESTAMP, FUTURE_TIMESTAMP, EXPIRED_TIMESTAMP = 3000010, 3000011, 3000012
NO_DATA_TYPE, BAD_DATA_TYPE = 3000013, 3000014
NO_APP_KEY, UNKNOWN_APP_KEY, SUSPENDED_APP_KEY = 3000025, 3000026, 3000028
NO_TOKEN, UNKNOWN_TOKEN, NO_API_ACCESS, TOKEN_APP_MISMATCH, TOKEN_EXPIRED = 3000030, 3000031, 3000032, 3000033, 3000034
NO_SIGN = 3000040
SYSTEM_BUSY, RATE_LIMIT, IP_NOT_WHITELISTED, SERVICE_ERROR = 4000000, 4000004, 5000003, 7000000
WAREHOUSE_RESTRICTED, WRONG_AREA, PARENT_CHILD_MISMATCH = 120011030, 120011072, 120012016
AFTER_SALES_ILLEGAL, CASE_NOT_FOUND = 130010001, 130010004
CROSS_BORDER_UNSUPPORTED, ORDER_NOT_FOUND, ORDER_INVALID = 140020001, 140020002, 140020005
AMOUNTS_CALCULATING, CONFIRM_END_BEFORE_START, FIELD_NOT_PASSED, SECONDS_EXPECTED = (
    140020008,
    140020012,
    140020013,
    140020014,
)
GOODS_INVALID, PROMOTION_ILLEGAL, PROMOTION_CANCELED, PROMOTION_ENDED = 150010003, 220010001, 220010003, 220010004
CODE_INVALID = 110020002
TOO_MANY_EVENTS, EVENT_IN_BOTH_LISTS, EVENTS_TOO_OFTEN, EVENT_NOT_AUTHORISED, EVENT_NOT_SUBSCRIBED = (
    110020005,
    110020006,
    110020007,
    110020008,
    110020009,
)
ADS_BAD_QUERY, ADS_FOREIGN_GOODS, ADS_NOT_SIGNED = 230012000, 230012003, 230016103
BILL_INVALID = 200020004
OTHER_SITE = 140020015
TRACKING_INVALID, TRACKING_NOT_FOUND, LANGUAGE_UNSUPPORTED = 170070010, 170070011, 170070012

MESSAGES = {
    BAD_PARAMS: "BAD_PARAMS: field type mismatch, path: {detail}",
    SIGN_INVALID: "sign is invalid, please check your sign calculation",
    NO_TYPE: "type is required.",
    UNKNOWN_TYPE: "type not exists",
    SUNSET_TYPE: "type has been taken offline.",
    NO_TIMESTAMP: "timestamp is required.",
    FUTURE_TIMESTAMP: "timestamp is invalid.",
    EXPIRED_TIMESTAMP: "timestamp is expired.",
    NO_DATA_TYPE: "data_type is required.",
    BAD_DATA_TYPE: "data_type is invalid, only JSON is supported.",
    NO_APP_KEY: "app_key is required.",
    UNKNOWN_APP_KEY: "app_key not exists.",
    SUSPENDED_APP_KEY: "app_key is suspended.",
    NO_TOKEN: "access_token is required.",
    UNKNOWN_TOKEN: "access_token not exists.",
    NO_API_ACCESS: "access_token don't have this api access, please ask for seller to authorize this api in seller "
    "center first, and share the new access_token with you.",
    TOKEN_APP_MISMATCH: "access_token and app_key are not mapping.",
    TOKEN_EXPIRED: "access_token is expired or have been refreshed, please contact seller to share the new "
    "access_token with you.",
    NO_SIGN: "sign is required.",
    SYSTEM_BUSY: "Temu internal system error, please try again later.",
    RATE_LIMIT: "too frequent requests, exceeding rate limit.",
    IP_NOT_WHITELISTED: "NOT_IN_IP_WHITE_LIST",
    SERVICE_ERROR: "BUSINESS_SERVICE_ERROR",
    WRONG_AREA: "The request area is incorrect. Please check the request area and replace it with the correct "
    "request area.",
    AFTER_SALES_ILLEGAL: "The parameter is illegal. Please check if the input parameter meets the regulations.",
    CASE_NOT_FOUND: "The after-sales order does not exist.",
    CROSS_BORDER_UNSUPPORTED: "Cross-border sellers are not supported.",
    ORDER_NOT_FOUND: "The order does not exist.",
    ORDER_INVALID: "Invalid parameter: {detail}",
    AMOUNTS_CALCULATING: "Some amount fields are still undergoing system calculation. Please try again later.",
    CONFIRM_END_BEFORE_START: "parentConfirmTimeEnd must be later than parentConfirmTimeStart.",
    FIELD_NOT_PASSED: "{detail} not passed.",
    SECONDS_EXPECTED: "{detail} should be a timestamp in seconds.",
    GOODS_INVALID: "Invalid parameter: {detail}",
    PROMOTION_ILLEGAL: "Illegal parameter: {detail}",
    PROMOTION_CANCELED: "The activity does not exist or has been cancelled.",
    PROMOTION_ENDED: "The activity has ended.",
    CODE_INVALID: "The code is invalid, used or expired.",
    TOO_MANY_EVENTS: "No more than 20 event codes at once.",
    EVENT_IN_BOTH_LISTS: "An event code is in both lists: {detail}",
    EVENTS_TOO_OFTEN: "No more than one call per second.",
    EVENT_NOT_AUTHORISED: "The seller has not authorised the event {detail}.",
    EVENT_NOT_SUBSCRIBED: "The app has not subscribed the event {detail}.",
    ADS_BAD_QUERY: "Bad query: {detail}",
    ADS_FOREIGN_GOODS: "The goods are not of this shop: {detail}",
    ADS_NOT_SIGNED: "The main account has not signed the advertising agreement.",
    BILL_INVALID: "Invalid parameter: {detail}",
    OTHER_SITE: "This site is not supported by this interface.",
    WAREHOUSE_RESTRICTED: "The order is handled by a cooperative warehouse.",
    PARENT_CHILD_MISMATCH: "The parent order and the child order do not match.",
    TRACKING_INVALID: "Invalid Parameter",
    TRACKING_NOT_FOUND: "Tracking Number Not Found",
    LANGUAGE_UNSUPPORTED: "Language Not Supported",
}


_OF_PARTNER = {
    NO_TYPE: 7000000, NO_APP_KEY: 7000002, NO_TOKEN: 7000003, UNKNOWN_APP_KEY: 7000005, TOKEN_APP_MISMATCH: 7000006,
    TOKEN_EXPIRED: 7000007, NO_TIMESTAMP: 7000008, EXPIRED_TIMESTAMP: 7000010, FUTURE_TIMESTAMP: 7000011,
    NO_DATA_TYPE: 7000013, BAD_DATA_TYPE: 7000013, NO_SIGN: 7000014, SIGN_INVALID: 7000015, UNKNOWN_TYPE: 7000016,
    SUNSET_TYPE: 7000016, UNKNOWN_TOKEN: 7000018, NO_API_ACCESS: 7000019, SERVICE_ERROR: SYSTEM_BUSY,
}  # fmt: skip
"""The gateways of cross-border goods say the same with other numbers (API section 4.2).

There 7000000 is a missing type, so a failing service is the system error that passes on every gateway.
"""
PARTNERS = ("PARTNER", "CN")
_PREFIXES = {"PARTNER": "pa"}


class GatewayError(Exception):
    """An answer with `success: false`."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(MESSAGES[code].format(detail=detail))
        self.code = code


class Envelopes:
    """Wraps results; request ids count up, so that equal histories give equal bytes."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._numbers = itertools.count(1)

    def success(self, region: str, result: bytes) -> bytes:
        """`result` is rendered JSON."""
        head = (
            f'{{"success":true,"requestId":"{self._request_id(region)}","errorCode":{SUCCESS},"errorMsg":"","result":'
        )
        return b"".join((head.encode(), result, b"}"))

    def failure(self, region: str, error: GatewayError) -> bytes:
        """The envelope of a refused call; it has no `result`."""
        return json.dumps(
            {
                "success": False,
                "requestId": self._request_id(region),
                "errorCode": _OF_PARTNER.get(error.code, error.code) if region in PARTNERS else error.code,
                "errorMsg": str(error),
            },
            ensure_ascii=False,
        ).encode()

    def _request_id(self, region: str) -> str:
        number = next(self._numbers)
        return f"{_PREFIXES.get(region, region.lower())}-{number:08x}-0000-4000-8000-{self._seed & 0xFFFFFFFFFFFF:012x}"
