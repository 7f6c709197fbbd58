"""What dashboards ask: kept, so that the same questions can be asked anew as soon as the marts have changed.

Belongs here: writing down questions of readers who see the marts themselves (the answers of others are theirs alone).
Who asks them again is the pipeline (orchestration/transform/warm.py). One file per question; the newest 300 are kept.
"""

import hashlib
import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

KEPT = 300
logger = logging.getLogger(__name__)


def remember_questions(app: Any) -> None:
    """Register the hook."""
    from flask import request
    from readers import current_fence

    folder = Path(app.config["DATA_DIR"]) / "asked"

    def remember(response: Any) -> Any:
        asked = request.method == "POST" and request.path == "/api/v1/chart/data"
        if asked and response.status_code == 200 and _is_of_a_chart() and current_fence() is None:
            try:
                keep(folder, request.get_data())
            except OSError as error:  # such as a full disk: the reader has an answer all the same
                logger.warning("a question was not kept in %s: %s", folder, error)
        return response

    def _is_of_a_chart() -> bool:
        body = request.get_json(silent=True) or {}
        return body.get("result_format") == "json" and bool((body.get("form_data") or {}).get("dashboardId"))

    app.after_request(remember)


def keep(folder: Path, body: bytes) -> None:
    """Write a question down, or make it the newest again; the oldest go. Many threads do this at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(body).hexdigest()}.json"
    with suppress(FileNotFoundError):
        os.utime(path)
        return
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as unfinished:
        unfinished.write(body)
    Path(unfinished.name).replace(path)  # who reads the folder never finds half a question
    for old in _by_age(folder)[:-KEPT]:
        old.unlink(missing_ok=True)


def _by_age(folder: Path) -> list[Path]:
    ages = {}
    for path in folder.glob("*.json"):
        with suppress(FileNotFoundError):  # another thread took it away since it was listed
            ages[path] = path.stat().st_mtime
    return sorted(ages, key=ages.__getitem__)
