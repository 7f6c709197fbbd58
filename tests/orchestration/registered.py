"""A database whose shops are those of the running gateway."""

from dataclasses import dataclass

import psycopg

from connectors.settings import Settings
from connectors.shops import Shop


@dataclass(frozen=True)
class Registered:
    """A database whose shops are those of the gateway."""

    url: str
    settings: Settings
    shops: list[Shop]

    @property
    def names(self) -> list[str]:
        """Shop names by id."""
        return [shop.shop_name for shop in self.shops]

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What the database answers."""
        with psycopg.connect(self.url) as conn:
            return list(conn.execute(query, values).fetchall())

    def execute(self, statement: str, *values: object) -> None:
        """Change something."""
        with psycopg.connect(self.url) as conn:
            conn.execute(statement, values)
