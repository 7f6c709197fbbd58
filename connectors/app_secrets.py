"""Which apps may push events to us: the secrets that verify them and the shops that belong to them.

Belongs here: reading both from `ops.shops` and `ops.shop_credentials`. Does not belong here: how a secret verifies an
event (`connectors.temu.webhooks`), how it is changed (`connectors.shops`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.secrets import SecretBox


@dataclass(frozen=True, slots=True)
class KnownApps:
    """Secrets by app key, the present one first; active shops (mall id → app key).

    `unreadable` names shops whose secret cannot be opened, because the key that sealed it is gone.
    """

    secrets: Mapping[str, tuple[SecretStr, ...]] = field(repr=False)
    shops: Mapping[int, str]
    unreadable: tuple[str, ...] = ()

    def owns(self, app_key: str, mall_id: int) -> bool:
        """Whether the shop is active and belongs to this app."""
        return self.shops.get(mall_id) == app_key


def known_apps(conn: psycopg.Connection, box: SecretBox) -> KnownApps:
    """All apps of active shops. A secret that was replaced is included until its time is over."""
    query = """
        select s.app_key, s.temu_shop_id, s.shop_name, c.app_secret,
            case when c.former_app_secret_until > now() then c.former_app_secret end
        from ops.shops s join ops.shop_credentials c on c.shop_id = s.id
        where s.is_active
        order by c.updated_at desc, s.id
    """
    present: dict[str, list[str]] = {}
    former: dict[str, list[str]] = {}
    shops: dict[int, str] = {}
    unreadable: list[str] = []
    for app_key, mall_id, name, sealed, sealed_former in conn.execute(query).fetchall():
        shops[mall_id] = app_key
        try:
            present.setdefault(app_key, []).append(box.decrypt(sealed).get_secret_value())
            if sealed_former is not None:
                former.setdefault(app_key, []).append(box.decrypt(sealed_former).get_secret_value())
        except ConfigurationError:
            unreadable.append(name)
    secrets = {app: _distinct([*found, *former.get(app, [])]) for app, found in present.items()}
    return KnownApps(secrets, shops, tuple(unreadable))


def _distinct(secrets: list[str]) -> tuple[SecretStr, ...]:
    """Shops of one app usually share its secret."""
    return tuple(SecretStr(secret) for secret in dict.fromkeys(secrets))
