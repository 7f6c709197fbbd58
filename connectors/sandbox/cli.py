"""`omni sandbox …` and `python -m connectors.sandbox …`: start the gateway and command a running one.

Belongs here: options and words. Does not belong here: what commands do (see `admin`).
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.sandbox.faults import KINDS
from connectors.sandbox.sandbox import Options
from connectors.sandbox.scenario import SIXTY_DAYS, BadScenarioError
from connectors.sandbox.server import GATEWAY_FILE, serve_forever
from connectors.sandbox.state import WorldMismatchError

app = typer.Typer(
    name="sandbox",
    help="A local Temu gateway with an invented business: demo, training, tests, load.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def _folder() -> Path:
    """Where the demo keeps its sandbox."""
    return Path(os.environ.get("OMNI_DATA_DIR") or ".omni") / "sandbox"


DataDir = Annotated[
    Path,
    typer.Option(
        default_factory=_folder,
        show_default="sandbox in OMNI_DATA_DIR or .omni",
        help="Folder that keeps the world's clock and faults.",
    ),
]
_SPAN = re.compile(r"(?=.)(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?")
_SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


@app.command(
    epilog="Examples:\n\n`serve --data-dir .omni/sandbox`\n\n"
    "`serve --port 8700 --seed 11 --days 180 --orders-per-day 60`\n\n"
    "`serve --load-lines 100000 --latency-ms 50`\n\n`serve --scenario sixty-days --data-dir .omni/storm`"
)
def serve(
    data_dir: DataDir,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 = a free port.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 7,
    days: Annotated[int, typer.Option(min=1, help="Days of history at the first start.")] = 90,
    orders_per_day: Annotated[float, typer.Option(min=0.1, help="Average per shop.")] = 18.0,
    now: Annotated[str | None, typer.Option(help="Virtual start, ISO 8601 with zone. Absent: real now.")] = None,
    quota: Annotated[float, typer.Option(min=0, help="Calls per second and app key; 0 = no limit.")] = 20.0,
    load_lines: Annotated[int, typer.Option(min=0, help="Serve one big shop with this many order lines instead.")] = 0,
    latency_ms: Annotated[float, typer.Option(min=0, help="Added to every call.")] = 0.0,
    sign_first: Annotated[bool, typer.Option(help="Check the signature before timestamp and data type.")] = False,
    refunds_move_orders: Annotated[bool, typer.Option(help="A completed refund moves its order's update time.")] = True,
    scenario: Annotated[
        str | None, typer.Option(help="JSON file with the faults of each day; sixty-days: every fault there is.")
    ] = None,
) -> None:
    """Serve until interrupted. Prints one JSON line with `url` and `pid` when ready."""
    options = Options(
        folder=data_dir, seed=seed, days=days, orders_per_day=orders_per_day, now=_instant(now), quota=quota,
        load_lines=load_lines, latency_ms=latency_ms, sign_first=sign_first, refunds_move_orders=refunds_move_orders,
        scenario=_scenario(scenario),
    )  # fmt: skip
    try:
        serve_forever(options, host, port)
    except (WorldMismatchError, BadScenarioError, LookupError, OSError) as error:
        typer.echo(f"the sandbox cannot start: {error}", err=True)
        raise typer.Exit(1) from error


@app.command(epilog="Examples:\n\n`advance 1d`\n\n`advance 6h30m --data-dir .omni/sandbox`")
def advance(
    span: Annotated[str, typer.Argument(help="Days, hours, minutes, seconds: 1d, 6h, 1d12h, 90s.")],
    data_dir: DataDir,
) -> None:
    """Let time pass in the running sandbox."""
    answer = _command(data_dir, "POST", "/sandbox/clock/advance", {"seconds": _seconds(span)})
    typer.echo(f"the sandbox clock shows {datetime.fromtimestamp(answer['now'], UTC).isoformat()}")


@app.command(
    epilog='Examples:\n\n`faults` shows the rules in force\n\n`faults \'{"kind": "throttle", "count": 5}\'`\n\n'
    '`faults \'{"kind": "http_502_html", "rate": 0.1}\' \'{"kind": "drift", "shop": "Harbor Home US"}\'`\n\n'
    f"`faults --clear`\n\nKinds: {', '.join(KINDS)}"
)
def faults(
    data_dir: DataDir,
    rules: Annotated[list[str] | None, typer.Argument(help="JSON objects; they replace the rules in force.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove all rules.")] = False,
) -> None:
    """Show or replace the faults that the running sandbox plays."""
    if rules or clear:
        try:
            parsed = [json.loads(rule) for rule in rules or []]
        except json.JSONDecodeError as error:
            raise typer.BadParameter(f"a rule must be a JSON object: {error}") from error
        answer = _command(data_dir, "PUT", "/sandbox/faults", [] if clear else parsed)
    else:
        answer = _command(data_dir, "GET", "/sandbox/faults", None)
    for rule in answer["faults"]:
        typer.echo(json.dumps(rule, ensure_ascii=False))
    typer.echo(f"{len(answer['faults'])} rules in force")


@app.command(epilog="Example:\n\n`files .omni/inbox/files`")
def files(
    data_dir: DataDir,
    folder: Annotated[Path, typer.Argument(help="Where the CSV files go.")],
) -> None:
    """Write costs, rates, targets, charges, settlements and stock that fit the running sandbox."""
    answer = _command(data_dir, "POST", "/sandbox/files", {"dir": str(folder.resolve())})
    for name, rows in answer["rows"].items():
        typer.echo(f"{rows:>8} rows  {name}.csv")


@app.command(
    epilog="Examples:\n\n`webhooks http://127.0.0.1:8090/api/webhook/temu`\n\n"
    "`webhooks http://127.0.0.1:8090/api/webhook/temu --duplicates 0.2 --forge 0.1 --reorder-seconds 30`\n\n"
    "`webhooks` shows what became of the deliveries\n\n`webhooks --stop`"
)
def webhooks(
    data_dir: DataDir,
    url: Annotated[str | None, typer.Argument(help="Where events go from now on; absent: only show.")] = None,
    duplicates: Annotated[float | None, typer.Option(min=0, max=1, help="Share of events sent twice.")] = None,
    drop: Annotated[float | None, typer.Option(min=0, max=1, help="Share of events never sent.")] = None,
    forge: Annotated[float | None, typer.Option(min=0, max=1, help="Share of events followed by a forged one.")] = None,
    reorder_seconds: Annotated[
        float | None, typer.Option(min=0, help="Each waits up to this long, so order is lost.")
    ] = None,
    retry_scale: Annotated[float | None, typer.Option(min=0, help="0.01 = retries after 1.2 s, 6 s … instead.")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Send nothing any more.")] = False,
) -> None:
    """Push signed, encrypted events of the running sandbox to a webhook door, with retries until they are taken.

    Troubles that are not named are those of the scenario, if one is played; otherwise there are none.
    """
    path = "/sandbox/webhooks/subscription"
    if stop:
        answer = _command(data_dir, "DELETE", path, None)
    elif url:
        troubles = {
            "duplicates": duplicates, "drop": drop, "forge": forge, "reorder_seconds": reorder_seconds,
            "retry_scale": retry_scale,
        }  # fmt: skip
        named = {name: value for name, value in troubles.items() if value is not None}
        answer = _command(data_dir, "PUT", path, {"url": url, **named})
    else:
        answer = _command(data_dir, "GET", path, None)
    typer.echo(json.dumps(answer, ensure_ascii=False))


def _scenario(name: str | None) -> Path | None:
    if name is None:
        return None
    return SIXTY_DAYS if name == "sixty-days" else Path(name)


def _seconds(span: str) -> int:
    found = _SPAN.fullmatch(span.strip().lower())
    seconds = sum(int(number or 0) * _SECONDS[unit] for unit, number in found.groupdict().items()) if found else 0
    if not seconds:
        raise typer.BadParameter(f"{span!r} is no span of time: write 1d, 6h, 90m, 45s or 1d12h")
    return seconds


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"--now must be ISO 8601, got {text!r}") from error
    if instant.tzinfo is None:
        raise typer.BadParameter("--now needs a time zone, for example 2026-11-23T08:00:00Z")
    return int(instant.timestamp())


def _command(data_dir: Path, method: str, path: str, body: object) -> Any:
    """Send one command to the sandbox that serves from `data_dir`."""
    file = data_dir / GATEWAY_FILE
    if not file.exists():
        typer.echo(
            f"no sandbox has been started with --data-dir {data_dir} → start one: serve --data-dir {data_dir}", err=True
        )
        raise typer.Exit(1)
    url = json.loads(file.read_text(encoding="utf-8"))["url"]
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
            return json.load(response)
    except urllib.error.HTTPError as error:
        typer.echo(json.load(error).get("error", str(error)), err=True)
        raise typer.Exit(1) from error
    except urllib.error.URLError as error:
        typer.echo(f"the sandbox at {url} does not answer ({error.reason}) → start it again with serve", err=True)
        raise typer.Exit(1) from error
