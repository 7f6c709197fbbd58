"""Files that readers download: the words of a link column without its anchor.

Belongs here: undoing for CSV and XLSX what links.py does for the screen. Superset has no setting for it, so its method
is wrapped.
"""

import html
import re
from typing import Any

ANCHOR = re.compile(r'<a(?: href="[^"<>]*")?>([^<>]*)</a>')


def without_anchor(value: Any) -> Any:
    """The text of a cell that is one anchor; anything else as it is."""
    found = ANCHOR.fullmatch(value) if isinstance(value, str) else None
    return html.unescape(found[1]) if found else value


def export_words_of_links(_app: Any) -> None:
    """Wrap what turns an answer into a file."""
    from superset.common.chart_data import ChartDataResultFormat
    from superset.common.query_context_processor import QueryContextProcessor

    original = QueryContextProcessor.get_data
    if getattr(original, "exports_words", False):
        return

    def get_data(self: Any, df: Any, coltypes: Any) -> Any:
        if self._query_context.result_format in ChartDataResultFormat.table_like():
            for name in df.select_dtypes("object").columns:
                df[name] = df[name].map(without_anchor)
        return original(self, df, coltypes)

    get_data.exports_words = True  # type: ignore[attr-defined]
    QueryContextProcessor.get_data = get_data
