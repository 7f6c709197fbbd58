"""Chinese wording that Superset's own catalogue lacks or gets wrong on the screens that our readers see.

Belongs here: laying `language/zh.yaml` over the catalogue of the front end, and what no catalogue has because it stands
in a script: a date filter says "2026-03-01 ≤ col < 2026-03-31", a calendar "November" and a table "N/A" in every
language. Not here: titles and labels of our charts and datasets; those are bilingual in assets/.
"""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

OVERLAY_DIR = Path(__file__).resolve().parent / "language"
CHUNK_ROUTE = re.compile(r"^/static/assets/(\w+\.chunk\.js)$")
REWORDED = (
    (re.compile(rb'="col"(?=(?:,\w+)?\)=>)'), '="日期 Date"'.encode()),  # the default of a function's parameter
    (re.compile(rb'(?<=format:\{date:"%B %Y",legend:")%B(?=")'), b"%Y-%m"),  # the months of a calendar
    (re.compile(rb'(?<=\[!1,)"N/A"(?=\])'), '"—"'.encode()),  # an unknown value of a table
    # An empty chart: its hint says whether that is good news. "This query" means nothing to who reads a screen.
    (re.compile(rb'"No results were returned for this query"'), b'"Nothing to show in this selection"'),
)
PACK_ROUTE = re.compile(r"^/superset/language_pack/([a-z]{2,3}(?:_[A-Z]{2})?)/$")


def read_overlay(locale: str) -> dict[str, str]:
    """English text → wording in `locale`; empty when we have nothing to add."""
    path = OVERLAY_DIR / f"{locale}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


@lru_cache(maxsize=8)
def merged_pack(locale: str) -> bytes | None:
    """Superset's language pack with our wording laid over it, as JSON; None when we have nothing to add."""
    texts = read_overlay(locale)
    if not texts:
        return None
    from superset.translations import utils

    source = Path(utils.DIR) / locale / "LC_MESSAGES" / "messages.json"
    pack: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    pack["locale_data"]["superset"].update({text: [wording] for text, wording in texts.items()})
    return json.dumps(pack, ensure_ascii=False).encode()


@lru_cache(maxsize=1024)
def reworded(script: Path) -> bytes | None:
    """A script of the front end with our wording; None when it has none of the words."""
    text = script.read_bytes() if script.exists() else b""
    found = 0
    for words, ours in REWORDED:
        text, times = words.subn(ours, text)
        found += times
    return text if found else None


def serve_overlay(app: Any) -> None:
    """Answer the front end's requests for a language pack or a script before Superset sends the bare file."""
    from flask import Response, request

    def answer_language_pack() -> Response | None:
        match = PACK_ROUTE.match(request.path)
        body = merged_pack(match.group(1)) if match else None
        return Response(body, mimetype="application/json") if body else None

    def answer_script() -> Response | None:
        match = CHUNK_ROUTE.match(request.path)
        body = reworded(Path(app.static_folder) / "assets" / match.group(1)) if match else None
        return Response(body, mimetype="text/javascript") if body else None

    app.before_request(answer_language_pack)
    app.before_request(answer_script)
