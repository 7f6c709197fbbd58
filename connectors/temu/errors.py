"""What a platform code means for the caller: one table per gateway family (API reference §4).

Belongs here: code or HTTP status → error class and remedy. The classes that every room knows live in
`connectors.errors`; the six below matter only while talking to a gateway. Codes of the CN and partner gateways mean
other things, hence two tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.errors import (
    AppError,
    OmniError,
    PermanentError,
    ShopAuthError,
    StreamForbiddenError,
    ThrottledError,
    TransientError,
)


class ClockSkewError(TransientError):
    """Our timestamp is outside the gateway's ±300 s: learn its clock from the `Date` header, then ask once more."""

    remedy = "set this machine's clock by NTP"


class NotReadyError(TransientError):
    """The platform is still computing this one record: leave it pending and ask in some minutes, not in seconds."""

    remedy = "nothing to do; the next run asks again"


class DoubtfulError(TransientError):
    """It may pass or it may not: try a few times, then leave this record pending or the stream to the next run.

    `is_given_up` is set by the client after its few tries.
    """

    is_given_up = False


class RecordNotFoundError(PermanentError):
    """This one record does not exist for this shop; its siblings are fine."""


class NothingToTellError(RecordNotFoundError):
    """The platform has nothing to tell about this one record; that is its answer, and it may change."""


class OtherSiteError(PermanentError):
    """This variant of an operation does not serve the order's site; another variant does."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """How to react to a code: the error to raise, the platform's symbol and, where needed, a special remedy."""

    error: type[OmniError]
    symbol: str
    remedy: str = ""


_FIX = "this is a defect of the connector: report it with the request id"
_REAUTHORISE = "authorise the app again in Seller Center, then store the token: `omni shops update SHOP --new-token`"
_SECRET = "compare app key and app secret with the developer console, then `omni shops update SHOP --new-secret`"  # noqa: S105
_REFUSED = "compare app key, secret and token with the developer console, then `omni shops update SHOP …`"
_SCOPE = "grant this operation in Seller Center (sensitive ones need a whitelist entry), then authorise again"
_REGION = "token, app key and gateway must belong to one region: check the shop's gateway"
_NETWORK = "register this machine's outgoing address in the developer console"
_EVENT = "the seller must authorise the event in Seller Center, then authorise again"
_AGREEMENT = "the seller must sign the agreement in Seller Center"


def _app(symbol: str, remedy: str = _SECRET) -> Meaning:
    return Meaning(AppError, symbol, remedy)


def _shop(symbol: str, remedy: str = _REAUTHORISE) -> Meaning:
    return Meaning(ShopAuthError, symbol, remedy)


def _fix(symbol: str) -> Meaning:
    return Meaning(PermanentError, symbol, _FIX)


def _busy(symbol: str) -> Meaning:
    return Meaning(TransientError, symbol)


_BUSINESS: Mapping[int, Meaning] = {
    404: Meaning(RecordNotFoundError, "no such record", "nothing to do"),
    110020001: _busy("token service busy"),
    110020002: _shop("authorisation code used or expired"),
    110020003: _shop("authorise again"),
    120011030: Meaning(NothingToTellError, "the cooperative warehouse does not tell", "nothing to do"),
    120011072: _shop("wrong request area", _REGION),
    120012016: Meaning(RecordNotFoundError, "this child order is not of this parent order", "nothing to do"),
    130010000: _busy("after-sales system error"),
    130010001: _fix("after-sales parameter refused"),
    130010002: Meaning(
        PermanentError, "already fully shipped", "nothing to do: this order cannot be cancelled any more"
    ),
    130010003: Meaning(PermanentError, "open payables in the account", "the seller must settle them in Seller Center"),
    130010004: Meaning(RecordNotFoundError, "after-sales case not found", "nothing to do"),
    130010005: Meaning(StreamForbiddenError, "after-sales operation forbidden", _SCOPE),
    140020001: Meaning(StreamForbiddenError, "cross-border shop not supported", "use declared prices for this shop"),
    140020002: Meaning(RecordNotFoundError, "order not found", "nothing to do"),
    140020003: Meaning(StreamForbiddenError, "agreement not signed", _AGREEMENT),
    140020005: _fix("order parameter refused"),
    140020008: Meaning(NotReadyError, "amounts are still being calculated"),
    140020009: Meaning(NotReadyError, "order fields are still being calculated"),
    140020012: _fix("window ends before it starts"),
    140020013: _fix("half a time pair"),
    140020014: _fix("seconds expected"),
    140020015: Meaning(OtherSiteError, "amount variant not for this site", _FIX),
    150010002: _busy("goods system error"),
    150010003: _fix("goods parameter refused"),
    150010005: _busy("goods service asks to try again"),
    150010105: _shop("shop not found"),
    170070010: _fix("tracking parameter refused"),
    170070011: Meaning(NothingToTellError, "tracking number not found", "nothing to do"),
    170070012: _fix("language not supported"),
    110020005: _fix("more than 20 event codes"),
    110020006: _fix("one event code in both lists"),
    110020007: Meaning(ThrottledError, "events more often than once a second"),
    110020008: Meaning(StreamForbiddenError, "event not authorised", _EVENT),
    110020009: Meaning(StreamForbiddenError, "event not subscribed", "subscribe the event in the developer console"),
    200020001: Meaning(StreamForbiddenError, "query not allowed", _SCOPE),
    200020002: _busy("already applied for"),
    200020003: _fix("month not supported"),
    200020004: _fix("finance parameter refused"),
    200020005: Meaning(StreamForbiddenError, "region not supported", "this site has no such report"),
    230012000: _fix("ads query refused"),
    230012003: Meaning(RecordNotFoundError, "goods not of this shop", "nothing to do"),
    230013000: _busy("ads business error"),
    230014000: _busy("ads system error"),
    230016701: Meaning(StreamForbiddenError, "no permission for ads", _SCOPE),
    230016103: Meaning(StreamForbiddenError, "advertising agreement not signed", _AGREEMENT),
    220010001: _fix("promotion parameter refused"),
    220010002: _busy("promotion system error"),
    220010003: Meaning(RecordNotFoundError, "activity cancelled", "nothing to do"),
    220010004: Meaning(RecordNotFoundError, "activity ended", "nothing to do"),
    180020001: Meaning(StreamForbiddenError, "no addresses in this country", "nothing to do: the platform has none"),
    180020003: _fix("address parameter refused"),
    180020008: Meaning(StreamForbiddenError, "data agreement not signed", _AGREEMENT),
    180020030: Meaning(StreamForbiddenError, "platform labels only", "buy this shop's labels from the platform"),
}

ROUTER: Mapping[int, Meaning] = MappingProxyType(
    {
        2000000: Meaning(DoubtfulError, "BUSINESS_EXCEPTION"),
        3000000: _fix("BAD_PARAMS"),
        3000001: _app("SIGN_UNVALID"),
        3000002: _fix("no type"),
        3000003: _fix("unknown type"),
        3000004: _fix("type sunset"),
        3000010: Meaning(ClockSkewError, "no timestamp"),
        3000011: Meaning(ClockSkewError, "timestamp ahead or malformed"),
        3000012: Meaning(ClockSkewError, "timestamp expired"),
        3000013: _fix("no data_type"),
        3000014: _fix("bad data_type"),
        **{code: _app("client id refused") for code in range(3000019, 3000023)},
        **{code: _app("app key refused") for code in range(3000025, 3000029)},
        3000030: _shop("no token"),
        3000031: _shop("token unknown"),
        3000032: Meaning(StreamForbiddenError, "token lacks this operation", _SCOPE),
        3000033: _shop("token and app key do not match", _REGION),
        3000034: _shop("token expired or replaced"),
        3000040: _fix("no sign"),
        4000000: _busy("SYSTEM_EXCEPTION"),
        4000004: Meaning(ThrottledError, "RATE_LIMIT_EXCEED_EXCEPTION"),
        5000000: _shop("AUTHORIZE_NOT_ALLOW"),
        5000001: _fix("ROUTER_NOT_ALLOW"),
        5000002: _fix("NOT_SUPPORT_STAGING_ENV"),
        5000003: _app("NOT_IN_IP_WHITE_LIST", _NETWORK),
        6000001: Meaning(DoubtfulError, "RPC_INTERFACE_NOT_FOUND"),
        7000000: _busy("BUSINESS_SERVICE_ERROR"),
        **_BUSINESS,
    }
)

PARTNER: Mapping[int, Meaning] = MappingProxyType(
    {
        3000000: _fix("BAD_PARAMS"),
        4000000: _busy("SYSTEM_EXCEPTION"),
        4000004: Meaning(ThrottledError, "RATE_LIMIT_EXCEED_EXCEPTION"),
        7000000: _fix("no type"),
        7000002: _app("no app key"),
        7000003: _shop("no token"),
        7000005: _app("app key without permission"),
        7000006: _shop("token and app key do not match", _REGION),
        7000007: _shop("token expired"),
        7000008: Meaning(ClockSkewError, "no timestamp"),
        7000010: Meaning(ClockSkewError, "timestamp expired"),
        7000011: Meaning(ClockSkewError, "timestamp invalid"),
        7000013: _fix("data_type"),
        7000014: _fix("no sign"),
        7000015: _app("sign invalid"),
        7000016: _fix("unknown type"),
        7000018: _shop("token unknown"),
        7000019: Meaning(StreamForbiddenError, "token lacks this operation", _SCOPE),
        7000020: _shop("token invalid"),
        7000022: Meaning(StreamForbiddenError, "token lacks this operation", _SCOPE),
        **_BUSINESS,
    }
)

_ATTRIBUTE_RULES = range(150011000, 150012000)
_ATTRIBUTE_RULE = Meaning(
    PermanentError, "attribute rule of goods", "correct the product's attributes in Seller Center"
)
_UNKNOWN = Meaning(PermanentError, "code unknown to us", "look the code up in the platform's documentation")


def meaning(code: int | None, *, gateway: str) -> Meaning:
    """What `code` of this gateway (`US`, `EU`, `GLOBAL`, `CN`, `PARTNER`) asks of us."""
    table = PARTNER if gateway in ("CN", "PARTNER") else ROUTER
    if code in _ATTRIBUTE_RULES:
        return _ATTRIBUTE_RULE
    return table.get(code or 0, _UNKNOWN)


def refusal(code: int | None, text: str, *, where: str, gateway: str) -> OmniError:
    """The error to raise for an unsuccessful answer. `where` names shop, operation and request id."""
    found = meaning(code, gateway=gateway)
    said = f": {text}" if text else ""
    return found.error(f"{where} answered {code} ({found.symbol}){said}", remedy=found.remedy)


def refuse_status(status: int, where: str) -> None:
    """HTTP is 200 for everything the gateway itself says (§3.4); the rest comes from the edge in front of it."""
    if status == 200:
        return
    if status == 401:
        raise ShopAuthError(f"{where} answered HTTP 401: app key, signature or token is refused", remedy=_REFUSED)
    if status == 403:
        # The edge has one status for a missing scope and an unregistered address: which one, its other answers tell.
        raise StreamForbiddenError(
            f"{where} answered HTTP 403: the token may not call this operation",
            remedy=f"{_SCOPE}; if every stream of the shop is refused, {_NETWORK}",
        )
    if status == 429:
        raise ThrottledError(f"{where} answered HTTP 429")
    if status >= 500 or status == 408:
        raise TransientError(f"{where} answered HTTP {status}")
    raise PermanentError(f"{where} answered HTTP {status}", remedy="check the shop's gateway address")
