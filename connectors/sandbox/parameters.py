"""Native JSON types of operation parameters (API section 3.2): wrong ones are refused, unknown ones ignored."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from connectors.sandbox.envelope import BAD_PARAMS, FIELD_NOT_PASSED, SECONDS_EXPECTED, GatewayError

Params = Mapping[str, Any]
_MILLISECONDS = 10_000_000_000


class Form(Enum):
    """What a parameter must be."""

    INT = "int"
    STRING = "string"
    BOOL = "bool"
    INTS = "list of int"
    STRINGS = "list of string"
    OBJECT = "object"
    OBJECTS = "list of object"


_SCALARS = {Form.INT: int, Form.STRING: str, Form.BOOL: bool, Form.OBJECT: dict}
_ELEMENTS = {Form.INTS: Form.INT, Form.STRINGS: Form.STRING, Form.OBJECTS: Form.OBJECT}


def check_types(params: Params, forms: Mapping[str, Form]) -> None:
    """Raise 3000000 with the path of the first parameter whose native type is wrong."""
    for name in params.keys() & forms.keys():
        if params[name] is not None:
            _check(params[name], forms[name], name)


def _check(value: object, form: Form, path: str) -> None:
    if form in _ELEMENTS:
        if not isinstance(value, list):
            raise GatewayError(BAD_PARAMS, path)
        for index, element in enumerate(value):
            _check(element, _ELEMENTS[form], f"{path}[{index}]")
    elif type(value) is not _SCALARS[form]:
        raise GatewayError(BAD_PARAMS, path)


def pair(params: Params, start: str, end: str) -> tuple[int, int] | None:
    """A window in seconds, both ends inclusive; half a pair is 140020013, milliseconds are 140020014."""
    if params.get(start) is None and params.get(end) is None:
        return None
    return _second(params, start), _second(params, end)


def _second(params: Params, name: str) -> int:
    value: int | None = params.get(name)
    if value is None:
        raise GatewayError(FIELD_NOT_PASSED, name)
    if value >= _MILLISECONDS:
        raise GatewayError(SECONDS_EXPECTED, name)
    return value


def page_of(params: Params, *, number: str, size: str, default: int, limit: int, invalid: int) -> tuple[int, int]:
    """(page number from 1, page size); outside the documented limits is `invalid`."""
    page, rows = params.get(number) or 1, params.get(size) or default
    if page < 1:
        raise GatewayError(invalid, number)
    if not 1 <= rows <= limit:
        raise GatewayError(invalid, size)
    return page, rows
