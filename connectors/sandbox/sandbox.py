"""The whole sandbox as one object: world, clock, faults, quota, tokens. Everything else is a view of it.

Belongs here: putting the parts together and keeping their state. Does not belong here: HTTP (see `app`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.sandbox import state as state_file
from connectors.sandbox.clock import VirtualClock
from connectors.sandbox.faults import Caller, Fault, FaultBoard
from connectors.sandbox.quota import Quota
from connectors.sandbox.scenario import Scenario
from connectors.sandbox.state import SandboxState, WorldMismatchError
from connectors.sandbox.tokens import Grant, TokenOffice
from connectors.sandbox.world.load import LoadShop
from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.spec import WorldSpec, day_of
from connectors.sandbox.world.world import World


@dataclass(frozen=True, slots=True)
class Options:
    """How to open a sandbox. `now` (epoch seconds) sets the clock; None keeps it, or means real now at first."""

    folder: Path
    seed: int = 7
    days: int = 90
    orders_per_day: float = 18.0
    now: int | None = None
    quota: float = 20.0
    load_lines: int = 0
    latency_ms: float = 0.0
    sign_first: bool = False
    refunds_move_orders: bool = True
    scenario: Path | None = None


class Sandbox:
    """Open it on a folder, ask it for `now()`; asking lets the world catch up with the clock."""

    def __init__(self, options: Options, real: Callable[[], float] = time.time) -> None:
        self.options = options
        self.state = self._open_state(real)
        self.clock = VirtualClock(self.state.clock_offset, real)
        self.world = self._open_world()
        self.faults = FaultBoard(Fault(**fault) for fault in self.state.faults)
        self.tokens = TokenOffice(self.world, self.state)
        self.webhooks: dict[str, Any] = {}
        self.quota = Quota(0.0 if options.load_lines else options.quota)
        for shop in self.world.shops:
            shop.book.touches.update(self.state.touches.get(str(shop.profile.mall_id), {}))
        self.now()
        if options.scenario:
            self.play(Scenario.of(options.scenario))

    def now(self) -> int:
        """The virtual instant, after the world has caught up with it."""
        self.world.advance(self.clock.now())
        while self.state.steps and self.state.steps[0]["at"] <= self.world.now:
            step = self.state.steps.pop(0)
            self.tokens.change(self.world.find(step["shop"]), step)
            self.save()
        return self.world.now  # the machine's own clock may step back; the world does not

    def play(self, scenario: Scenario) -> None:
        """Let its first day begin now, unless it is being played already. LookupError for a shop that nobody has.

        What goes wrong with events is not of a day: it is in force either way.
        """
        self.webhooks = scenario.webhooks
        if self.state.scenario == scenario.name:
            return
        self.state.steps = scenario.steps(self.now())
        for step in self.state.steps:
            self.world.find(step["shop"])
        self.faults.faults = scenario.rules(self.now())
        self.state.scenario = scenario.name
        self.save()

    def advance(self, seconds: float) -> int:
        """Jump ahead and keep the new offset."""
        self.clock.advance(seconds)
        self.save()
        return self.now()

    def caller(self, params: Mapping[str, object], type_: object) -> Caller | None:
        """Whom a fault can be aimed at by these common parameters; None, and cheap, while there is no fault."""
        if not self.faults.faults:
            return None
        grant = self.tokens.grant_of(str(params.get("access_token")))
        profile = grant.shop.profile if grant else None
        mall_id, name = (profile.mall_id, profile.name) if profile else (None, None)
        return Caller(str(params.get("app_key")), str(type_), mall_id, name, self.world.now)

    def redeem(self, code: str, gateway: str) -> Grant | None:
        """A new token for an authorisation code, once; None if the code is unknown or used."""
        grant = self.tokens.redeem(code, gateway)
        if grant:
            self.save()
        return grant

    def save(self) -> None:
        """Keep everything that commands have changed."""
        self.state.clock_offset = self.clock.offset
        self.state.faults = self.faults.as_json()
        self.state.touches = {
            str(shop.profile.mall_id): shop.book.touches for shop in self.world.shops if shop.book.touches
        }
        state_file.save(self.options.folder, self.state)

    def _open_state(self, real: Callable[[], float]) -> SandboxState:
        options, kept = self.options, state_file.load(self.options.folder)
        now = options.now if options.now is not None else int(real() + (kept.clock_offset if kept else 0))
        if kept is None:
            kept = SandboxState(
                options.seed, day_of(now) - options.days, options.days, options.orders_per_day,
                options.refunds_move_orders, now - real(), now,
            )  # fmt: skip
        self._refuse_other_world(kept)
        if options.now is not None:
            kept.clock_offset = now - real()
        state_file.save(options.folder, kept)
        return kept

    def _refuse_other_world(self, kept: SandboxState) -> None:
        options = self.options
        asked = (options.seed, options.days, options.orders_per_day, options.refunds_move_orders)
        there = (kept.seed, kept.days, kept.orders_per_day, kept.refunds_move_orders)
        if asked != there:
            raise WorldMismatchError(
                f"{options.folder / state_file.FILE_NAME} holds another world: (seed, days, orders per day, "
                f"refunds move orders) are {there}, asked for {asked} "
                "→ use another --data-dir, or delete that file to start over"
            )

    def _open_world(self) -> World:
        state = self.state
        spec = WorldSpec(state.seed, state.opening, state.orders_per_day, state.refunds_move_orders)
        if self.options.load_lines:
            return World(spec, [LoadShop(spec, self.options.load_lines)])
        return World(spec)

    @property
    def opening_instant(self) -> int:
        """First instant of the first day with orders."""
        return self.state.opening * DAY
