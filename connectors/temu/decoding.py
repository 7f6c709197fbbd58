"""From a record's bytes to its key and typed fields, fast; and, when that fails, to the reason.

Belongs here: deriving msgspec structs from the pydantic models, so that there is one source of truth, and the refusal
of a record that cannot be typed. Numbers inside `decode` are exact; payload bytes are never re-serialised here.
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


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be typed: why, where, and its bytes (free of personal data)."""

    reason_code: str
    field_path: str
    message: str
    payload: bytes


@cache
def fast_type(model: type[BaseModel]) -> type[msgspec.Struct]:
    """A struct with the fields, wire names and limits of `model`; unknown fields are skipped, not kept."""
    fields: list[Any] = []
    for name, info in model.model_fields.items():
        kind = _constrained(_fast(info.annotation), info.metadata)
        fields.append((name, kind) if info.is_required() else (name, kind, info.default))
    names = {name: info.alias or name for name, info in model.model_fields.items()}
    return msgspec.defstruct(model.__name__, fields, rename=names, kw_only=True, gc=False)


class RecordDecoder:
    """Decodes records of one model: first the derived struct, then the model itself, which also explains."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model
        self._decode = msgspec.json.Decoder(fast_type(model)).decode

    def decode(self, payload: bytes) -> Any:
        """An object with the model's attributes, or `Rejected`."""
        try:
            return self._decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return self._carefully(payload)

    def _carefully(self, payload: bytes) -> Any:
        try:
            return self._model.model_validate_json(payload)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            path = ".".join(str(part) for part in first["loc"])
            return Rejected(first["type"], path, first["msg"], payload)


def _fast(annotation: Any) -> Any:
    """The annotation with every model replaced by its struct."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return fast_type(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _constrained(_fast(arguments[0]), annotation.__metadata__)
    if origin in (Union, types.UnionType):
        return Union[tuple(_fast(one) for one in arguments)]  # noqa: UP007 - built at run time
    if origin is list:
        return list[_fast(arguments[0])]  # type: ignore[misc]
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
