"""Entering a shop for the first time, for the shell and the API alike.

Belongs here: the rule that a mall is registered once. What is allowed in a shop's row: `connectors.shops`.
"""

from __future__ import annotations

import psycopg

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox
from connectors.shops import NewShop, Shop, add_shop, list_shops


class RegisteredError(ConfigurationError):
    """The mall is registered: what was not given again would fall back to its default."""


def register_shop(conn: psycopg.Connection, box: SecretBox, shop: NewShop) -> Shop:
    """The shop as stored, in the caller's transaction. RegisteredError for a mall id that some shop has."""
    for known in list_shops(conn):
        if known.temu_shop_id == shop.temu_shop_id:
            raise RegisteredError(
                f'mall {shop.temu_shop_id} is registered as "{known.shop_name}"',
                remedy=f'change it with: omni shops update "{known.shop_name}" …',
            )
    return add_shop(conn, box, shop)
