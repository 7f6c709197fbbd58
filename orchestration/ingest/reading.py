"""One run's work: from partition keys to windows, through `connectors.sync`, to what the catalogue shows per cell.

Belongs here: which window to read for which shops, and failing at the end by name.
Does not belong here: reading and storing (`connectors.sync`), how a success is shown (`reporting`).
A retry of the step reads only the shops whose trouble may pass; what is permanent is asked for once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from dagster import AssetExecutionContext

from connectors.errors import ConfigurationError
from connectors.postgres.lanes import Lane
from connectors.records import Window
from connectors.shops import Shop
from connectors.sync import StreamQuote, quote_backfill, sync_shops
from connectors.sync.session import new_breakers
from orchestration.expected import Expected
from orchestration.failures import failure_from_many, may_pass
from orchestration.ingest import partitions
from orchestration.ingest.reporting import EarlierAttempts, Reporter
from orchestration.ingest.shops import active_shops
from orchestration.names import LANE_TAG, LIVE, MODE_TAG, QUOTE_TAG, SHOPS_PARTITIONS
from orchestration.resources import Warehouse

Readings = Sequence[tuple[Window | None, Sequence[str]]]
"""What to read: a window (None = on from the watermark) and the partition keys of the shops to read it for."""


def read_cells(
    context: AssetExecutionContext,
    warehouse: Warehouse,
    tables_of_stream: Mapping[str, Sequence[str]],
    *,
    only_shops: Sequence[str],
    asked: Window | None = None,
) -> None:
    """Read every cell of the run; raise a `Failure` that names the shops which could not be read.

    A run with the tag `omni/mode: live`, or without partitions, reads on from each shop's watermark and moves it.
    Any other run reads its days whole and leaves the watermarks alone: those of its partitions, or `asked`.
    """
    url, settings = warehouse.database_url(), warehouse.settings()
    shops = active_shops(url)
    context.instance.add_dynamic_partitions(SHOPS_PARTITIONS, list(shops))  # a shop may be younger than the last tick
    earlier = EarlierAttempts.of(context)
    reporter = Reporter(context, tables_of_stream, shops)
    breakers = new_breakers(settings)
    told = _readings(context, shops, only_shops, asked)
    readings = [(window, [key for key in keys if earlier.leaves_open(key)]) for window, keys in told]
    readings = [(window, keys) for window, keys in readings if keys]
    if isinstance(context.assets_def.partitions_def, type(partitions.shop_days)):
        _tell_quote(context, warehouse, reporter, _windows_of(readings, shops), list(tables_of_stream))
    for window, open_keys in readings:
        context.log.info("Reading %s of %s", window or "news", ", ".join(open_keys))
        sync_shops(
            url,
            settings=settings,
            shops=[shops[key].shop_name for key in open_keys],
            streams=list(tables_of_stream),
            window=window,
            run_id=context.run.run_id,
            on_event=reporter.for_window(window),
            on_progress=reporter.progress,
            breakers=breakers,
            lane=_lane(context),
        )
    _fail_by_name(reporter, earlier)


def _windows_of(readings: Readings, shops: Mapping[str, Shop]) -> list[tuple[Window, list[str]]]:
    return [(window, [shops[key].shop_name for key in keys]) for window, keys in readings if window]


def _tell_quote(
    context: AssetExecutionContext,
    warehouse: Warehouse,
    reporter: Reporter,
    windows: Sequence[tuple[Window, list[str]]],
    streams: list[str],
) -> None:
    """What the whole backfill will cost and change, as a line of the log and as tags of the run; news are not quoted.

    A retry of the step has its own end, but the tags say what was expected at first.
    """
    url, settings, quotes = warehouse.database_url(), warehouse.settings(), list[StreamQuote]()
    for window, names in windows:
        quotes += quote_backfill(url, settings=settings, shops=names, streams=streams, window=window)
    if not quotes:
        return
    reporter.expect(quotes)
    if context.retry_number == 0:
        tags = tags_of(Expected.of(quotes))
        context.log.info("Expected: %s", "; ".join(f"{name} {value}" for name, value in tags.items()))
        context.instance.add_run_tags(context.run.run_id, {f"{QUOTE_TAG}/{name}": one for name, one in tags.items()})


def tags_of(expected: Expected) -> dict[str, str]:
    """An expectation as names and texts. Sums are of what is known: `unknown_streams` says how much is not."""
    sums = {"calls": expected.calls, "rows": expected.rows, "minutes": expected.minutes}
    told = {name: str(value) if expected.known else "unknown" for name, value in sums.items()}
    marts = "unknown" if expected.marts is None else ", ".join(expected.marts)
    return {**told, "unknown_streams": str(expected.unknown), "marts": marts}


def _fail_by_name(reporter: Reporter, earlier: EarlierAttempts) -> None:
    texts = {**earlier.permanent, **{name: str(error) for name, error in reporter.failures.items()}}
    if texts:
        raise failure_from_many(
            "Some shops could not be read; everything else is stored.",
            texts,
            repeat=any(may_pass(error) for error in reporter.failures.values()),
        )


def _lane(context: AssetExecutionContext) -> Lane | None:
    name = context.run.tags.get(LANE_TAG)
    if name and name not in set(Lane):
        raise ConfigurationError(f"no lane is called {name}", remedy=f"tag {LANE_TAG} with one of {', '.join(Lane)}")
    return Lane(name) if name else None


def _readings(
    context: AssetExecutionContext, shops: Mapping[str, Shop], only: Sequence[str], asked: Window | None
) -> Readings:
    live = context.run.tags.get(MODE_TAG) == LIVE
    if not (context.has_partition_key or context.has_partition_key_range):
        return [(asked, _chosen(shops, only))]
    keys = list(context.partition_keys)
    if not isinstance(context.assets_def.partitions_def, type(partitions.shop_days)):
        return [(None, _known(shops, keys))]
    cells = [partitions.parse_cell(key) for key in keys]
    return readings_of(cells, shops, live=live)


def readings_of(cells: Iterable[tuple[date, str]], shops: Mapping[str, Shop], *, live: bool) -> Readings:
    """What to read for shop × day cells; every shop must be active."""
    cells = list(cells)
    if live:
        return [(None, _known(shops, sorted({shop for _, shop in cells})))]
    return [(window, _known(shops, keys)) for window, keys in partitions.windows_of(cells).items()]


def _known(shops: Mapping[str, Shop], keys: Sequence[str]) -> list[str]:
    missing = [key for key in keys if key not in shops]
    if missing:
        raise ConfigurationError(
            f"no active shop is called {', '.join(missing)}",
            remedy="see `omni shops list`; an inactive shop is not read",
        )
    return list(keys)


def _chosen(shops: Mapping[str, Shop], only: Sequence[str]) -> list[str]:
    if not shops:
        raise ConfigurationError("there is no active shop to read", remedy="register one with `omni shops add`")
    if not only:
        return list(shops)
    keys = {called: key for key, shop in shops.items() for called in (str(shop.temu_shop_id), shop.shop_name)}
    return _known(shops, list(dict.fromkeys(keys.get(name, name) for name in only)))
