"""All shops of the invented company at one moving instant."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.spec import WorldSpec


class World:
    """A pure function of (specification, instant), computed forward step by step."""

    def __init__(self, spec: WorldSpec, shops: Sequence[LiveShop] | None = None) -> None:
        self.spec = spec
        self.shops = list(shops) if shops is not None else [LiveShop(spec, profile) for profile in spec.shops]
        self._by_mall = {shop.profile.mall_id: shop for shop in self.shops}
        self.now = 0

    def advance(self, now: int) -> None:
        """Move to `now`; going back is not possible and asking for it changes nothing."""
        if now > self.now:
            self.now = now
            for shop in self.shops:
                shop.advance(now)

    def find(self, wanted: object) -> LiveShop:
        """The shop with this name or mall id. LookupError, naming those that there are."""
        for shop in self.shops:
            if wanted in (shop.profile.mall_id, str(shop.profile.mall_id), shop.profile.name):
                return shop
        names = ", ".join(shop.profile.name for shop in self.shops)
        raise LookupError(f"no shop {wanted!r}; there are: {names}")

    def shop(self, mall_id: int) -> LiveShop:
        """The shop with this mall id; KeyError if the world has none."""
        return self._by_mall[mall_id]
