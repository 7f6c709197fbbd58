"""Reading shops and landing what they say: the one room that joins the platform (`temu`) and the store (`postgres`).

Belongs here: which window is read, in which order, on how many connections, and telling what happened.
Does not belong here: protocol, SQL, schedules. From a REPL: `sync_shops(url, settings=Settings(), shops=None, …)`.
"""

from connectors.sync.authorise import EVENTS, event_states, redeem_code, subscribe_events
from connectors.sync.check import ShopCheck, check_shop
from connectors.sync.quote import StreamQuote, minutes_of, quote_backfill, streams_by_day
from connectors.sync.recount import RecountQuote, quote_recount, recount
from connectors.sync.refresh import refresh_orders, refresh_products
from connectors.sync.replay import Replayed, ReplayReport, replay
from connectors.sync.reports import DayCount, NotCounted, SyncFailure, SyncProgress, SyncReport
from connectors.sync.run import sync_shops
from connectors.sync.session import chosen_shops
from connectors.sync.watch import watch_deadlines

__all__ = [
    "EVENTS",
    "DayCount",
    "NotCounted",
    "RecountQuote",
    "ReplayReport",
    "Replayed",
    "ShopCheck",
    "StreamQuote",
    "SyncFailure",
    "SyncProgress",
    "SyncReport",
    "check_shop",
    "chosen_shops",
    "event_states",
    "minutes_of",
    "quote_backfill",
    "quote_recount",
    "recount",
    "redeem_code",
    "refresh_orders",
    "refresh_products",
    "replay",
    "streams_by_day",
    "subscribe_events",
    "sync_shops",
    "watch_deadlines",
]
