"""Which app and which shop a caller is, and what its token may call (API sections 1, 2)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.operations.operation import ROUTERS
from connectors.sandbox.operations.registry import OPERATIONS, PATHS
from connectors.sandbox.state import SandboxState
from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.shops import DAY, Credentials, access_token, app_credentials, authorisation_code
from connectors.sandbox.world.world import World

GATEWAYS = (*ROUTERS, "PARTNER", "CN")
_LIFE_DAYS = 365


@dataclass(frozen=True, slots=True)
class Grant:
    """What a known token stands for; `current` is false once a newer authorisation replaced it."""

    shop: LiveShop
    app_key: str
    current: bool
    scopes: frozenset[str]
    expires: int
    token: str = field(repr=False)


def gateways_of(shop: LiveShop) -> tuple[str, ...]:
    """Where the shop has a token: cross-border sellers keep their goods on two gateways more (section 1)."""
    own = (shop.profile.gateway,)
    return own if shop.profile.is_local else (*own, "PARTNER", "CN")


class TokenOffice:
    """Apps per gateway and tokens per shop; a new authorisation kills the old token at once."""

    def __init__(self, world: World, state: SandboxState) -> None:
        self._world = world
        self._state = state
        self.apps = {gateway: app_credentials(state.seed, gateway) for gateway in GATEWAYS}
        self._grants: dict[str, Grant] = {}
        self._issue_all()

    def secret_of(self, gateway: str, app_key: str) -> str | None:
        """The app's secret, if this key belongs to this gateway."""
        key, secret = self.apps[gateway]
        return secret if key == app_key else None

    def grant_of(self, token: str) -> Grant | None:
        """What the token stands for, None if nobody ever issued it."""
        return self._grants.get(token)

    def credentials(self, shop: LiveShop, gateway: str | None = None) -> Credentials:
        """The shop's current credentials on its own gateway, or on one of `gateways_of`."""
        gateway = gateway or shop.profile.gateway
        app_key, secret = self.apps[gateway]
        return Credentials(app_key, secret, self._token(shop, gateway, self._generation(shop)))

    def code_of(self, shop: LiveShop) -> str:
        """What the seller's browser would bring back after an authorisation: good for one new token."""
        return authorisation_code(self._state.seed, shop.profile, self._generation(shop))

    def redeem(self, code: str, gateway: str) -> Grant | None:
        """A new token for the code of a shop of this gateway; the shop's earlier ones answer 3000034."""
        for shop in self._world.shops:
            if shop.profile.gateway == gateway and code == self.code_of(shop):
                self.rotate(shop)
                return self._grants[self._token(shop, gateway, self._generation(shop))]
        return None

    def rotate(self, shop: LiveShop) -> None:
        """Authorise again: a new token, the old ones answer 3000034."""
        self._state.tokens[str(shop.profile.mall_id)] = self._generation(shop) + 1
        self.expire(shop, expired=False)

    def expire(self, shop: LiveShop, *, expired: bool) -> None:
        """Let the current token run out, or come back to life."""
        mall_id = str(shop.profile.mall_id)
        self._state.expired = [other for other in self._state.expired if other != mall_id] + [mall_id] * expired
        self._issue_all()

    def change(self, shop: LiveShop, wanted: Mapping[str, Any]) -> None:
        """What a seller does: `rotate`, `expire` true or false, `grant` or `revoke` a list of operations."""
        if wanted.get("rotate"):
            self.rotate(shop)
        if "expire" in wanted:
            self.expire(shop, expired=bool(wanted["expire"]))
        self.grant_types(shop, list(wanted.get("grant", [])))
        self.grant_types(shop, list(wanted.get("revoke", [])), revoke=True)

    def grant_types(self, shop: LiveShop, types: list[str], *, revoke: bool = False) -> None:
        """Add operations to (or take them from) the shop's scopes; a revoked type is kept with a leading minus."""
        kept = self._state.grants.setdefault(str(shop.profile.mall_id), [])
        for name in types:
            for mark in (name, f"-{name}"):
                if mark in kept:
                    kept.remove(mark)
            kept.append(f"-{name}" if revoke else name)
        self._issue_all()

    def _generation(self, shop: LiveShop) -> int:
        return self._state.tokens.get(str(shop.profile.mall_id), 0)

    def _token(self, shop: LiveShop, gateway: str, generation: int) -> str:
        return access_token(self._state.seed, shop.profile, gateway, generation)

    def _issue_all(self) -> None:
        self._grants = {}
        for shop in self._world.shops:
            last = self._generation(shop)
            alive = str(shop.profile.mall_id) not in self._state.expired
            for gateway, generation in itertools.product(gateways_of(shop), range(last + 1)):
                token = self._token(shop, gateway, generation)
                self._grants[token] = Grant(
                    shop, self.apps[gateway][0], generation == last and alive, self._scopes(shop, gateway),
                    (self._state.opening + self._state.days + _LIFE_DAYS) * DAY, token,
                )  # fmt: skip

    def _scopes(self, shop: LiveShop, gateway: str) -> frozenset[str]:
        """Sensitive operations are whitelisted for local shops only (section 2.5); sellers withhold what they like."""
        scopes = {
            op.type
            for op in (*OPERATIONS.values(), *PATHS.values())
            if gateway in op.gateways
            and op.type not in shop.profile.withheld
            and (shop.profile.is_local or not (op.sensitive or op.local_only))
        }
        for mark in self._state.grants.get(str(shop.profile.mall_id), []):
            if mark.startswith("-"):
                scopes.discard(mark[1:])
            else:
                scopes.add(mark)
        return frozenset(scopes)
