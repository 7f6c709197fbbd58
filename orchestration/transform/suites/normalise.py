"""Rules N1 to N3 in the SQL of the suites, rendered from the macros of the models: a rule is spelt in one place.

Does not belong here: anything that a macro needs dbt for.
"""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment

from connectors.settings import PROJECT_ROOT

_FILE = PROJECT_ROOT / "dbt_project" / "macros" / "normalise.sql"
_MACROS = Environment(autoescape=False).from_string(_FILE.read_text(encoding="utf-8")).module  # noqa: S701 - SQL


def _rule(name: str) -> Callable[[str], str]:
    macro = getattr(_MACROS, name)
    return lambda expression: str(macro(expression)).strip()


n1 = _rule("n1")
"""Text without blanks around it, placeholders being NULL."""
n2 = _rule("n2")
"""An article code of text that has passed N1."""
n3 = _rule("n3")
"""A currency of text that has passed N1."""
