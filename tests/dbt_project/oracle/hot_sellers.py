"""The monthly leaderboard of managers (§6.4), over all shops and inside each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.dbt_project.oracle.articles import months_with_orders, rank
from tests.dbt_project.oracle.periods import measures, month, month_before, shop_columns
from tests.dbt_project.oracle.reading import Row, Rows, grouped, number, ratio, text

_METRICS = {"gmv_cny": "gmv", "units": "units", "profit_cny": "profit"}
_TARGETS = {"gmv": "target_gmv_cny", "units": "target_units", "profit": "target_profit_cny"}
_ACTUAL = {"gmv": "gmv_cny", "units": "units_sold", "profit": "profit_cny"}
Targets = dict[object, dict[str, Decimal]]


def hot_sellers(lines: Rows, staged_targets: Rows, shops: dict[int, Row]) -> Rows:
    """mart_hot_seller_monthly."""
    targets = _all_shops_targets(_targets(staged_targets, shops))
    rows = _board(lines, targets, ())
    return _with_previous_rank(rows, ())


def hot_sellers_by_shop(lines: Rows, staged_targets: Rows, shops: dict[int, Row]) -> Rows:
    """mart_hot_seller_monthly_by_shop: only targets of the shop itself."""
    own: Targets = {}
    for row in _targets(staged_targets, shops):
        if row["shop_id"] is not None:
            own.setdefault((row["month"], row["shop_id"], row["manager"]), {})[str(row["metric"])] = row["value"]
    rows = _with_previous_rank(_board(lines, own, ("shop_id",)), ("shop_id",))
    return [row | shop_columns(shops[row["shop_id"]]) for row in rows]


def _targets(staged: Rows, shops: dict[int, Row]) -> Rows:
    """N4; the highest id of a repeated key; no targets of shops that are kept out (Q)."""
    found: dict[object, Row] = {}
    for row in sorted(staged, key=lambda r: r["id"]):
        manager, metric = text(row["manager"]), _METRICS.get(text(row["metric"]) or "")
        counts = row["shop_id"] is None or (row["shop_id"] in shops and shops[row["shop_id"]]["is_production"])
        if counts and metric and manager:
            key = row["target_month"], manager, row["shop_id"], metric
            found[key] = dict(zip(("month", "manager", "shop_id", "metric"), key, strict=True))
            found[key]["value"] = number(row["target_value"])
    return list(found.values())


def _all_shops_targets(targets: Rows) -> Targets:
    """§6.4: the manager-level row wins, else the sum of the shop rows."""
    resolved: Targets = {}
    for (start, manager, metric), group in grouped(targets, lambda t: (t["month"], t["manager"], t["metric"])).items():
        whole_ = [t["value"] for t in group if t["shop_id"] is None]
        value = whole_[0] if whole_ else sum(t["value"] for t in group)
        resolved.setdefault((start, manager), {})[metric] = value
    return resolved


def _board(lines: Rows, targets: Targets, within: tuple[str, ...]) -> Rows:
    """One row per month, manager (and shop) with a sale line or a target."""
    groups = grouped(lines, lambda line: (month(line["order_date"]), *(line[c] for c in within), line["manager"]))
    months = set(months_with_orders(lines))
    sellers = {key for key, group in groups.items() if any(line["is_sale"] for line in group)}
    names = ("month_start", *within, "manager")
    rows = [
        dict(zip(names, key, strict=True)) | _seller(groups.get(key, []), targets.get(key, {}))
        for key in sellers | set(targets)
        if key[0] in months
    ]
    for place in grouped(rows, lambda r: (r["month_start"], *(r[c] for c in within))).values():
        _rank(place)
    return rows


def _seller(lines: Rows, targets: dict[str, Decimal]) -> Row:
    row = measures(lines)
    row["skus_sold"] = len({line["sku_code"] for line in lines if line["is_sale"]})
    for metric, column in _TARGETS.items():
        row[column] = targets.get(metric)
        row[f"{metric}_achievement"] = ratio(row[_ACTUAL[metric]], targets.get(metric))
    return row


def _rank(rows: Rows) -> None:
    """RANK() over all managers but UNASSIGNED, zero sellers included."""
    named = [row for row in rows if row["manager"] != "UNASSIGNED"]
    for row in rows:
        for column, measure in (("rank_gmv", "gmv_cny"), ("rank_units", "units_sold")):
            row[column] = rank(row, named, measure) if row["manager"] != "UNASSIGNED" else None


def _with_previous_rank(rows: Rows, within: tuple[str, ...]) -> Rows:
    ranks = {(r["month_start"], r["manager"], *(r[c] for c in within)): r["rank_gmv"] for r in rows}
    for row in rows:
        start: date = row["month_start"]
        before = ranks.get((month_before(start), row["manager"], *(row[c] for c in within)))
        row["prev_rank_gmv"] = before
        row["rank_change"] = None if before is None or row["rank_gmv"] is None else before - row["rank_gmv"]
    return rows
