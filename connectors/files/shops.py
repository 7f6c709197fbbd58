"""Which shop a cell means: its name as registered, or its Temu mall id.

Belongs here: the lookup for file cells. Registering shops and their secrets lives in `connectors.shops`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import psycopg

from connectors.files.values import UnreadableValueError, parse_text, plain


@dataclass(frozen=True, slots=True)
class ShopBook:
    """The registered shops: `ops.shops.id` by spelling, and names by id."""

    by_spelling: dict[str, int]
    by_id: dict[int, str]

    def find(self, text: str) -> int:
        """`ops.shops.id` of a shop name (any case) or Temu mall id; raises UnreadableValueError `unknown_shop`."""
        spelling = plain(parse_text(text)).casefold()
        shop = self.by_spelling.get(spelling, self.by_spelling.get(spelling.removesuffix(".0")))
        if shop is None:
            known = ", ".join(sorted(self.by_id.values())[:10]) or "none is registered"
            message = (
                f"no shop is called {text!r} (known: {known}); register it with omni shops add, or correct the cell"
            )
            raise UnreadableValueError("unknown_shop", message)
        return shop

    def names(self, ids: Collection[int]) -> tuple[str, ...]:
        """The names of these shops, sorted."""
        return tuple(sorted(self.by_id[shop] for shop in ids))


def read_shops(conn: psycopg.Connection) -> ShopBook:
    """All shops of `ops.shops`, inactive ones too: their history can still be completed.

    Two names that differ only in case are told apart by their mall ids: such a name means no shop.
    """
    rows = conn.execute("select id, shop_name, temu_shop_id from ops.shops").fetchall()
    spellings: dict[str, set[int]] = {}
    for shop, name, _ in rows:
        spellings.setdefault(plain(name).casefold(), set()).add(shop)
    names = {spelling: ids.pop() for spelling, ids in spellings.items() if len(ids) == 1}
    return ShopBook({str(mall): shop for shop, _, mall in rows} | names, {shop: name for shop, name, _ in rows})
