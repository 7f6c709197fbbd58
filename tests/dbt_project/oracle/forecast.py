"""GMV forecast of shops and of all shops together (§6.10), from days."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from fractions import Fraction

from tests.dbt_project.oracle.reading import Row, Rows, cents, grouped, ratio, round_half_away

ALL_SHOPS = 0
_BAND = Decimal("1.28")
Days = dict[date, Decimal]


def gmv_forecast(daily: Rows, as_of: date) -> Rows:
    """mart_gmv_forecast as made on one day; shop 0 is the sum of all shops."""
    complete = [row for row in daily if row["order_date"] <= as_of]
    series = {shop_id: _days(rows) for shop_id, rows in grouped(complete, lambda r: r["shop_id"]).items()}
    if series:
        series[ALL_SHOPS] = _days(complete)
    return [row for shop_id, days in series.items() for row in _forecasts(shop_id, days, as_of)]


def _days(rows: Rows) -> Days:
    return {
        day: sum((row["gmv_cny"] for row in group), Decimal(0))
        for day, group in grouped(rows, lambda r: r["order_date"]).items()  # type: ignore[misc]
    }


def _forecasts(shop_id: object, days: Days, as_of: date) -> Rows:
    ahead = [as_of + timedelta(n) for n in range(1, 31)]
    said = {day: forecast(days, as_of, day) for day in ahead}
    common = _summary(days, as_of, said)
    deviation = common["error_sd"]
    return [
        common
        | {
            "forecast_date": day,
            "shop_id": shop_id,
            "made_on": as_of,
            "is_total": shop_id == ALL_SHOPS,
            "horizon_days": (day - as_of).days,
            "weekday_index": _rounded(index(days, as_of, day), 4) if said[day] is not None else None,
            "forecast_gmv_cny": said[day],
            "band_low_gmv_cny": _edge(said[day], deviation, -1),
            "band_high_gmv_cny": _edge(said[day], deviation, 1),
        }
        for day in ahead
    ]


def _edge(value: Decimal | None, deviation: Decimal | None, sign: int) -> Decimal | None:
    if value is None or deviation is None:
        return None
    with localcontext(Context(prec=80)):
        return cents(value * (1 + sign * _BAND * deviation))


def _summary(days: Days, as_of: date, said: dict[date, Decimal | None]) -> Row:
    """What all forecasts of one shop and day share."""
    judged = [(days[day], was) for day, was in _week_ahead(days, as_of) if was is not None]
    this_month = as_of.replace(day=1)
    so_far = sum((gmv for day, gmv in days.items() if day >= this_month), Decimal(0))
    rest = [value for day, value in said.items() if (day.year, day.month) == (as_of.year, as_of.month)]
    known = None not in said.values()
    now, before = _sum(days, as_of, 7), _sum(days, as_of - timedelta(7), 7)
    return {
        "history_days": len(days),
        "level_gmv_cny": _rounded(level(days, as_of), 2),
        "error_sd": deviation([(actual, was) for actual, was in judged if was]),
        "backtest_days": len(judged),
        "wape_28d": ratio(sum(abs(a - f) for a, f in judged), sum(a for a, _ in judged)) if judged else None,
        "growth_wow": ratio(now - before, before) if known else None,
        "month_start": this_month,
        "month_to_date_gmv_cny": so_far,
        "month_projection_gmv_cny": so_far + sum(v for v in rest if v is not None) if known else None,
    }


def _week_ahead(days: Days, as_of: date) -> list[tuple[date, Decimal | None]]:
    last = [as_of - timedelta(n) for n in range(28)]
    return [(day, forecast(days, day - timedelta(7), day)) for day in last if day in days]


def forecast(days: Days, made_on: date, day: date) -> Decimal | None:
    """level × index of the weekday; unknown below 14 days of history."""
    mean = level(days, made_on)
    return None if mean is None else _rounded(mean * index(days, made_on, day), 2)


def level(days: Days, made_on: date) -> Fraction | None:
    """Mean of the last 28 days, of all where there are fewer; unknown below 14."""
    known = sum(day <= made_on for day in days)
    return Fraction(_sum(days, made_on, 28)) / min(known, 28) if known >= 14 else None


def index(days: Days, made_on: date, day: date) -> Fraction:
    """Mean of the weekday over 56 days ÷ mean of all 56; 1 below 56 days and where nothing was sold."""
    window = {d: gmv for d, gmv in days.items() if made_on - timedelta(56) < d <= made_on}
    total = sum(window.values(), Decimal(0))
    if len(window) < 56 or not total:
        return Fraction(1)
    same = [gmv for d, gmv in window.items() if d.weekday() == day.weekday()]
    return (Fraction(sum(same)) / len(same)) / (Fraction(total) / 56)


def deviation(judged: list[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Sample standard deviation of actual ÷ forecast − 1; unknown for a single error."""
    errors = [Fraction(actual) / Fraction(was) - 1 for actual, was in judged]
    if len(errors) < 2:
        return None
    mean = sum(errors) / len(errors)
    variance = sum((error - mean) ** 2 for error in errors) / (len(errors) - 1)
    with localcontext(Context(prec=80)):
        return (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()


def _sum(days: Days, last: date, length: int) -> Decimal:
    return sum((gmv for day, gmv in days.items() if last - timedelta(length) < day <= last), Decimal(0))


def _rounded(value: Fraction | None, places: int) -> Decimal | None:
    if value is None:
        return None
    with localcontext(Context(prec=80)):
        return round_half_away(Decimal(value.numerator) / Decimal(value.denominator), places)
