"""What dashboards ask: kept, so that the same questions can be asked anew as soon as the marts have changed.

Belongs here: writing down questions of readers who see the marts themselves (the answers of others are theirs alone).
Who asks them again is the pipeline (orchestration/transform/warm.py). One file per question; the newest 300 are kept.
"""

import hashlib
from pathlib import Path
from typing import Any

KEPT = 300


def remember_questions(app: Any) -> None:
    """Register the hook."""
    from flask import request
    from readers import current_fence

    folder = Path(app.config["DATA_DIR"]) / "asked"

    def remember(response: Any) -> Any:
        asked = request.method == "POST" and request.path == "/api/v1/chart/data"
        if asked and response.status_code == 200 and _is_of_a_chart() and current_fence() is None:
            keep(folder, request.get_data())
        return response

    def _is_of_a_chart() -> bool:
        body = request.get_json(silent=True) or {}
        return body.get("result_format") == "json" and bool((body.get("form_data") or {}).get("dashboardId"))

    app.after_request(remember)


def keep(folder: Path, body: bytes) -> None:
    """Write a question down, or make it the newest again; the oldest go."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(body).hexdigest()}.json"
    if path.exists():
        path.touch()
        return
    path.write_bytes(body)
    for old in sorted(folder.glob("*.json"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)
