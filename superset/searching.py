"""The search box of a table that the server pages: it finds its words anywhere, as the boxes of other tables do.

Belongs here: widening what the box asks. Superset asks for values that begin with the words, so that of a column with
several numbers only the first could be found. It has no setting for it, so its method is wrapped.
"""

from typing import Any


def anywhere(one: dict[str, Any]) -> dict[str, Any]:
    """What a search box asks, at any place of the value; any other filter as it is."""
    value = one.get("val")
    asked = one.get("op") == "ILIKE" and isinstance(value, str) and value.endswith("%") and not value.startswith("%")
    return one | {"val": f"%{value}"} if asked else one


def search_anywhere(_app: Any) -> None:
    """Wrap what turns the question of a chart into a query."""
    from superset.common.query_object_factory import QueryObjectFactory

    original = QueryObjectFactory.create
    if getattr(original, "searches_anywhere", False):
        return

    def create(self: Any, *args: Any, **question: Any) -> Any:
        if question.get("server_pagination"):
            question["filters"] = [anywhere(one) for one in question.get("filters") or []]
        return original(self, *args, **question)

    create.searches_anywhere = True  # type: ignore[attr-defined]
    QueryObjectFactory.create = create
