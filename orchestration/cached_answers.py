"""Answers that Superset keeps: forgotten when the marts changed, so that the next reader sees the new numbers.

Belongs here: the one thing that a build does to Superset. Its caches are files in the data folder, shared by all
of its processes; removing them needs no running Superset and no login.
"""

from pathlib import Path


def forget_cached_answers(data_dir: Path) -> int:
    """Remove what Superset kept of the marts; returns how many files. Safe while Superset reads and writes there."""
    gone = 0
    for path in (data_dir / "superset" / "cache" / "data").glob("*"):
        path.unlink(missing_ok=True)
        gone += 1
    return gone
