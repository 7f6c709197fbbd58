"""The ingest benchmark plays: its players load what the gateway has, on a stage that cleans up after itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.ingest.stage import open_stage


def _play(player: str, stage: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ingest.players", player, stage]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_every_player_without_extra_packages_loads_all_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMNI_DATABASE_URL", raising=False)
    with open_stage(lines=301, latency_ms=0) as stage:
        stage.empty()
        for player in ("omni", "omni", "bare copy"):
            assert _play(player, stage.as_arguments())["rows"] == 151
        folder = stage.folder
    assert not folder.exists()
