"""The words in which models are written: kinds of fields, the base of all records.

Belongs here: what more than one domain needs. Units: `Epoch` is seconds since 1970 UTC (milliseconds are recognised by
their size); a status code is that of the domain's section of the API reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Number = Annotated[str, Field(min_length=1)]
"""An opaque order or case number."""
Id = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Int = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Code = Annotated[int, Field(ge=-(2**15), le=2**15 - 1)]
Epoch = Annotated[int, Field(ge=0, le=253_402_300_799_000)]


Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Shape:
    """What a field that we do not rely on is documented to hold."""

    kind: Any


class Record(BaseModel):
    """Base of all records: unknown fields are welcome, the wire speaks camelCase."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel, frozen=True)


Seen = Annotated[Any, Shape(Scalar)]
SeenWords = Annotated[Any, Shape(list[Scalar] | None)]
