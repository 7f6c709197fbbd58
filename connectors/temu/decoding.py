"""From a record's bytes to its key and typed fields, fast; and, when that fails, to the reason.

Belongs here: deriving msgspec structs from the pydantic models, so that there is one source of truth, and the refusal
of a record that cannot be typed. Payload bytes are never re-serialised; personal data is cut out of them.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import annotated_types
import msgspec
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from connectors.records import Origin
from connectors.temu.models.fields import Shape
from connectors.temu.privacy import UNREADABLE, without_personal_data

_REFUSALS = (msgspec.MsgspecError, *UNREADABLE)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be typed: why, where, and its bytes (free of personal data)."""

    reason_code: str
    field_path: str
    message: str
    payload: bytes
    origin: Origin | None = None


class RecordDecoder:
    """Reads records of one model: strictly, then openly, then with the model itself, which also explains.

    Strict: documented fields only, so nothing personal can be in it. Open: any further fields; personal ones are cut.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model
        self._strict = msgspec.json.Decoder(fast_type(model, strict=True)).decode
        self._open = msgspec.json.Decoder(fast_type(model, strict=False)).decode

    def decode(self, payload: bytes) -> tuple[Any, bytes]:
        """An object with the model's attributes, or `Rejected`; and the payload without personal data."""
        try:
            return self._strict(payload), payload
        except _REFUSALS:
            return self._openly(without_personal_data(payload))

    def _openly(self, payload: bytes) -> tuple[Any, bytes]:
        try:
            return self._open(payload), payload
        except _REFUSALS:
            return self._carefully(payload), payload

    def _carefully(self, payload: bytes) -> Any:
        try:
            return self._model.model_validate_json(payload)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            path = ".".join(str(part) for part in first["loc"])
            return Rejected(first["type"], path, first["msg"], payload)


@cache
def fast_type(model: type[BaseModel], *, strict: bool) -> type[msgspec.Struct]:
    """A struct with the wire names and limits of `model`. `strict`: all its fields and no others; else those that we
    rely on, whatever stands beside them."""
    fields: list[Any] = []
    for name, info in model.model_fields.items():
        shape = next((mark for mark in info.metadata if isinstance(mark, Shape)), None)
        if shape and not strict:
            continue
        kind = shape.kind if shape else info.annotation
        fast = _constrained(_fast(kind, strict), info.metadata)
        fields.append((name, fast) if info.is_required() else (name, fast, info.default))
    names = {name: info.alias or name for name, info in model.model_fields.items()}
    return msgspec.defstruct(model.__name__, fields, rename=names, kw_only=True, gc=False, forbid_unknown_fields=strict)


def _fast(annotation: Any, strict: bool) -> Any:
    """The annotation with every model replaced by its struct."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return fast_type(annotation, strict=strict)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _constrained(_fast(arguments[0], strict), annotation.__metadata__)
    if origin in (Union, types.UnionType):
        return Union[tuple(_fast(one, strict) for one in arguments)]  # noqa: UP007 - built at run time
    if origin is list:
        return list[_fast(arguments[0], strict)]  # type: ignore[misc]
    return annotation


def _constrained(kind: Any, metadata: Sequence[Any]) -> Any:
    limits: dict[str, Any] = {}
    for one in metadata:
        marks = one.metadata if isinstance(one, FieldInfo) else [one]
        for mark in marks:
            match mark:
                case annotated_types.Ge(ge):
                    limits["ge"] = ge
                case annotated_types.Le(le):
                    limits["le"] = le
                case annotated_types.MinLen(length):
                    limits["min_length"] = length
    return Annotated[kind, msgspec.Meta(**limits)] if limits else kind
