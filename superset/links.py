"""Link columns: from a row of one dashboard to another dashboard that is filtered to what the row is about.

Belongs here: the SQL of the anchor, with every value made safe for the URL and for HTML. A dataset's column says
`link: {text, dashboard, filters: {filter: column, …}}`; `text` and the columns are columns of the same dataset, a
filter is one of native_filters.yaml. `dashboard` is a name, or `{column, of: [name, …]}` where each row knows its own.
A value that is NULL leaves its filter as the dashboard has it; a row without a dashboard has the text and no link. A
time filter opens the day that its column holds.
"""

from typing import Any

FILTER_PREFIX = "NATIVE_FILTER-"
# In this order: later replacements must not touch what earlier ones wrote. "!" and "'" are special in rison, too.
_FOR_URL = [
    ("%", "%25"),
    ("!", "!!"),
    ("''", "!%27"),
    *((char, f"%{ord(char):02X}") for char in '"<>&#+\\` '),
]
_FOR_HTML = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("''", "&#39;")]


def link_expression(link: dict[str, Any], dataset: dict[str, Any], filters: dict[str, dict[str, Any]]) -> str:
    """The SQL of the column. KeyError names a column of the dataset or a filter that does not exist."""
    parts = [_mask(filters[name], _column(column, dataset)) for name, column in link["filters"].items()]
    target = link["dashboard"]
    slug = f"' || {_column(target['column'], dataset)} || '" if isinstance(target, dict) else target
    start = f"'<a href=\"/superset/dashboard/{slug}/?native_filters=('"
    text = _replaced(_column(link["text"], dataset), _FOR_HTML)
    filtered = f"CONCAT_WS(',', {', '.join(parts)})"  # skips NULL
    anchor = " || ".join([start, filtered, "')\">'", text, "'</a>'"])
    return f"COALESCE({anchor}, '<a>' || {text} || '</a>')"


def _column(name: str, dataset: dict[str, Any]) -> str:
    """A column as SQL text: its own name, or the expression behind it."""
    columns = {one["column_name"]: one for one in dataset["columns"]}
    return f"({columns[name].get('expression', name)})"


def _mask(spec: dict[str, Any], column: str) -> str:
    """SQL text of one filter's state, as the dashboard page reads it from its address."""
    if spec["filterType"] == "filter_time":
        day = f"TO_CHAR({column}, 'YYYY-MM-DD') || '%20:%20' || TO_CHAR({column} + INTERVAL '1 day', 'YYYY-MM-DD')"
        return _state(spec["id"], "(time_range:%27", "%27)", f"({day})", "%27", "%27")
    before = f"(filters:!((col:{spec['column']},op:IN,val:!(%27"
    return _state(spec["id"], before, "%27))))", _replaced(column, _FOR_URL), "!(%27", "%27)")


def _state(identity: str, before: str, after: str, value: str, opened: str, closed: str) -> str:
    return (
        f"'{identity}:(id:{identity},extraFormData:{before}' || {value} || '{after},filterState:(value:{opened}' || "
        f"{value} || '{closed}),ownState:())'"
    )


def _replaced(column: str, replacements: list[tuple[str, str]]) -> str:
    expression = f"{column}::TEXT"
    for plain, safe in replacements:
        expression = f"REPLACE({expression}, '{plain}', '{safe}')"
    return expression
