"""`python -m benchmarks.ingest --lines 100000 --latency-ms 0 --rounds 3`: the comparison, and whether the aims are met.

Ratios count, not seconds: all players take turns on one machine, in each round, and the median round is shown.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

from benchmarks.ingest.stage import Stage, open_stage

PLAYS = (
    ("omni", "omni"),
    ("omni, unchanged", "omni"),
    ("bare copy", "bare copy"),
    ("dlt arrow", "dlt arrow"),
    ("dlt rest", "dlt rest"),
)
Results = dict[str, list[dict[str, float]]]


def main() -> int:
    """Play, print, and give 1 if an aim is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.ingest", description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-dlt", action="store_true")
    options = parser.parse_args()
    plays = [play for play in PLAYS if not (options.without_dlt and play[1].startswith("dlt"))]
    results: Results = {label: [] for label, _ in plays}
    with open_stage(options.lines, options.latency_ms) as stage:
        _play(stage, "omni", options.lines)  # warms the server's files up for everybody
        for _ in range(options.rounds):
            stage.empty()
            for label, player in plays:
                results[label].append(_play(stage, player, options.lines))
                _show(label, results[label][-1])
    return _judge(results, options.lines)


def _play(stage: Stage, player: str, lines: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ingest.players", player, stage.as_arguments()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{player} failed:\n{done.stderr[-3000:]}")
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    assert result["rows"] == (lines + 1) // 2, f"{player} loaded {result['rows']} orders of {(lines + 1) // 2}"
    return result | {"lines_per_second": lines / result["seconds"]}


def _show(label: str, result: dict[str, float]) -> None:
    print(
        f"{label:16} {result['lines_per_second']:10,.0f} lines/s  {result['seconds']:7.2f} s"
        f"  {result['cpu']:6.2f} CPU s  {result['peak_mb']:5.0f} MB",
        flush=True,
    )


def _judge(results: Results, lines: int) -> int:
    print(f"\nmedians of {len(results['omni'])} rounds, {lines:,} lines")
    for label, rounds in results.items():
        _show(label, {name: statistics.median(one[name] for one in rounds) for name in rounds[0]})
    aims = [
        ("new rows against bare copy", _ratio(results, "omni", "bare copy"), 0.85),
        ("unchanged rows against bare copy", _ratio(results, "omni, unchanged", "bare copy"), 1.5),
        ("120 MB against peak memory", 120 / max(one["peak_mb"] for one in results["omni"]), 1.0),
    ]
    if "dlt rest" in results:
        aims.append(("new rows against dlt's REST source", _ratio(results, "omni", "dlt rest"), 10.0))
        aims.append(("new rows against dlt's Arrow path", _ratio(results, "omni", "dlt arrow"), 2.0))
    for name, reached, aim in aims:
        print(f"{name:36} {reached:6.2f}  aim {aim:5.2f}  {'reached' if reached >= aim else 'MISSED'}")
    return 0 if all(reached >= aim for _, reached, aim in aims) else 1


def _ratio(results: Results, one: str, other: str) -> float:
    """Median of the rounds' ratios of speed, so that a busy minute of the machine hits both sides."""
    pairs = zip(results[one], results[other], strict=True)
    return statistics.median(a["lines_per_second"] / b["lines_per_second"] for a, b in pairs)


if __name__ == "__main__":
    sys.exit(main())
