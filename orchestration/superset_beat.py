"""Superset's beat, seen from outside: whether somebody starts its own alerts and reports.

Belongs here: the one trace that beat leaves in the data folder, which all services share. Starting it is the business
of `cli.deployment`.
"""

import time
from pathlib import Path

SILENCE_SECONDS = 600
"""Beat writes its schedule to disk every three minutes; a file older than this means that it hangs or is gone."""


def schedule_path(data_dir: Path) -> Path:
    """Where beat keeps its schedule; the suffix depends on which database module Python found for its shelves."""
    return data_dir / "superset" / "beat-schedule"


def beats(data_dir: Path) -> bool:
    """Whether beat has written its schedule lately."""
    schedule = schedule_path(data_dir)
    times = [path.stat().st_mtime for path in schedule.parent.glob(f"{schedule.name}*")]
    return bool(times) and time.time() - max(times) < SILENCE_SECONDS
