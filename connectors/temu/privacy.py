"""Personal data of buyers never lands: it is cut out of a record before anything else sees it.

Belongs here: which keys are personal (API reference §8.5, §8.6, §13.3) and how they are cut. Of where a buyer lives,
country and state stay (`regionName1`, `regionName2`), the city and what is finer go. Everything else in the record
keeps its bytes: objects on the way to a cut are reassembled from untouched slices.
"""

from __future__ import annotations

import re

import msgspec

_PERSONAL = re.compile(
    r"receipt(Additional)?Name|(backup)?[mM]obile|e?[mM]ail|address(Line\w*|Extra)|postCode|(additional)?[fF]irstName"
    r"|(additional)?[lL]astName|contactlessDropPoint|taxCode(Type)?|nationalAddress|buyerComment|regionName[34]"
)
"""Key names, matched whole. Only substrings below are searched in bytes, so each alternative must contain one."""

_TRACES = (
    b'"receipt',
    b'obile"',
    b'ail"',
    b'"address',
    b'"postCode',
    b'stName"',
    b'"contactless',
    b'"taxCode',
    b'"nationalAddress',
    b'"buyerComment',
    b'"regionName3',
    b'"regionName4',
)

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


def may_hold_personal_data(text: bytes) -> bool:
    """A quick look at JSON bytes, best a whole page at a time: False is certain, True means "look closely"."""
    return any(trace in text for trace in _TRACES)


def without_personal_data(text: bytes) -> bytes:
    """The same JSON without personal keys, at any depth; untouched bytes if there are none.

    What is no JSON after all cannot be searched: it ends before the first trace of a personal key.
    """
    if not may_hold_personal_data(text):
        return text
    try:
        return _cut(text)
    except UNREADABLE:
        return _cut_off(text)


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are no JSON, or nested deeper than any reader follows."""


def _cut_off(text: bytes) -> bytes:
    traces = (text.find(trace) for trace in _TRACES)
    end = min(at if text[at : at + 1] == b'"' else max(text.rfind(b'"', 0, at), 0) for at in traces if at >= 0)
    return b"%b [unreadable, %d bytes that may be personal are cut]" % (text[:end], len(text) - end)


def _cut(text: bytes) -> bytes:
    first = text.lstrip()[:1]
    if first == b"{":
        return _cut_object(text)
    if first == b"[":
        return b"[" + b",".join(_cut_if_needed(bytes(item)) for item in _ARRAY.decode(text)) + b"]"
    return text


def _cut_if_needed(text: bytes) -> bytes:
    return _cut(text) if may_hold_personal_data(text) else text


def _cut_object(text: bytes) -> bytes:
    fields = _OBJECT.decode(text)
    kept = {key: value for key, value in fields.items() if not _PERSONAL.fullmatch(key)}
    cleaned = {key: bytes(value) for key, value in kept.items()}
    inner = {key: _cut_if_needed(value) for key, value in cleaned.items()}
    if len(kept) == len(fields) and inner == cleaned:
        return text
    return msgspec.json.encode({key: msgspec.Raw(value) for key, value in inner.items()})
