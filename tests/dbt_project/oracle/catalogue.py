"""Which product a line sold (M), under which code (K), who answers for it (G, without snapshots)."""

from __future__ import annotations

from tests.dbt_project.oracle.reading import (
    Row,
    Rows,
    audit_instant,
    business_instant,
    currency,
    grouped,
    lowest_if_unknown,
    newest,
    number,
    seller_code,
    text,
    whole,
)


def products(staged: Rows) -> Rows:
    """D1, N: one row per listing id, in order of id."""
    survivors = newest(staged, lambda r: r["id"], lambda r: lowest_if_unknown(audit_instant(r["updated_at"])))
    return [_product(row) for row in sorted(survivors, key=lambda r: r["id"])]


def _product(row: Row) -> Row:
    return {
        "id": row["id"],
        "shop_id": row["shop_id"],
        "sku_id": text(row["product_id"]),
        "sku_code": seller_code(row["sku"]),
        "spu_id": text(row["spu_id"]),
        "current_price": number(row["current_price"]),
        "currency": currency(row["currency"]),
        "stock_quantity": whole(row["stock_quantity"]),
        "is_active": row["is_active"] is True,
        "manager": text(row["manager"]),
        "listed_at": business_instant(row.get("listed_at")),
    }


class Catalogue:
    """Products of each shop by everything a line may name them with."""

    def __init__(self, listed: Rows) -> None:
        self._by = {
            name: grouped([p for p in listed if p[name] is not None], lambda p, n=name: (p["shop_id"], p[n]))
            for name in ("id", "sku_id", "sku_code", "spu_id")
        }

    def match(self, line: Row) -> tuple[str, Row | None]:
        """M1–M4: method and product."""
        shop = line["shop_id"]
        for found in self._by["sku_id"].get((shop, line["product_sku_id"]), []):
            return "sku_id", found
        coded = self._by["sku_code"].get((shop, line["product_sku"]), [])
        if coded:
            return "sku_code", min(coded, key=lambda p: _preference(p, line))
        for found in self._by["id"].get((shop, line["product_id"]), []):
            return "fk", found
        styled = self._by["spu_id"].get((shop, line["spu_id"]), [])
        return ("spu", styled[0]) if len(styled) == 1 else ("unmatched", None)


def _preference(candidate: Row, line: Row) -> tuple[bool, bool, object]:
    """M2: same style first, then active, then the lowest id."""
    same_style = candidate["spu_id"] is not None and candidate["spu_id"] == line["spu_id"]
    return not same_style, not candidate["is_active"], candidate["id"]


def matched(line: Row, catalogue: Catalogue) -> Row:
    """M, K and G of a line."""
    method, found = catalogue.match(line)
    return {
        **line,
        "match_method": method,
        "product": found,
        "matched_product_id": found and found["id"],
        "sku_code": (found and found["sku_code"]) or line["product_sku"] or "UNKNOWN",
        "manager": (found and found["manager"]) or line["shop"]["default_manager"] or "UNASSIGNED",
    }
