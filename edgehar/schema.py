"""Reading JSON that may come from anywhere: bounded in size and depth, and of the type that was asked for.

A document's type is a `msgspec.Struct` or a dataclass that stands in the module that owns the document. Nothing is
converted on the way (text is no number, 2.0 is no whole number), and unknown entries, entries that occur twice,
infinite numbers and whole numbers without end are refused, all with one line that says what, where and in which file.
"""

from __future__ import annotations

import os
import re
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

import msgspec

from edgehar.errors import EdgeharError
from edgehar.files import read_bytes

#: Bytes of a document that people or programs write by hand: a contract, a manifest, a plan.
SMALL = 4 << 20
#: Bytes of a document that holds figures of every window: golden windows, folds.
LARGE = 32 << 20
#: Objects and lists within one another. Our deepest document has seven.
DEEPEST = 32

_T = TypeVar("_T")

#: A string with the colon that makes it a name, or a bracket. The quantifiers never give back what they took, so
#: that the time is linear in the length of a hostile text.
_TOKEN = re.compile(rb'("(?:[^"\\]++|\\.)*+"?)(?:[ \t\r\n]*+(:))?|[\[\]{}]', re.DOTALL)

_WORDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "object": "an object",
    "array": "a list", "null": "null",
}  # fmt: skip


def read_json(
    path: str | os.PathLike[str],
    kind: type[_T],
    *,
    limit: int = SMALL,
    complete: bool = False,
    error: type[EdgeharError] = EdgeharError,
) -> _T:
    """Read a JSON file as `kind`; arguments and errors as in `decode` and `files.read_bytes`."""
    return decode(read_bytes(path, limit, error), kind, str(path), limit=limit, complete=complete, error=error)


def decode(
    content: bytes,
    kind: type[_T],
    where: str,
    *,
    limit: int = SMALL,
    complete: bool = False,
    error: type[EdgeharError] = EdgeharError,
) -> _T:
    """Read JSON as `kind`.

    Args:
        kind: a Struct, a dataclass (of dataclasses, also `X | None`), or a plain type such as `dict[str, str]`. A
            dataclass with the class variable `json_format` is written with that text as the entry `format`.
        where: what the content is called in messages.
        limit: the largest size in bytes.
        complete: entries of a dataclass that have a default may not be left out either.
        error: what is raised.
    Raises:
        EdgeharError: too large or too deep, not JSON, or not of this type; what a dataclass itself raises on a
            value, with the name of the document added.
    """
    if len(content) > limit:
        raise error(f"expected at most {limit:,} bytes of JSON in {where}, got {len(content):,}")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as reason:
        raise error(f"expected JSON in {where}, got bytes that are not UTF-8 ({reason.reason})") from reason
    _check_shape(content, where, error)
    try:
        value = msgspec.json.decode(content)
    except msgspec.MsgspecError as reason:
        if "out of range" in str(reason):
            raise error(f"expected numbers within the range of a double in {where}, got one beyond it") from reason
        raise error(f"expected JSON in {where}, got something else ({str(reason)[:200]})") from reason
    return convert(value, kind, where, complete=complete, error=error)


def convert(
    value: object, kind: type[_T], where: str, *, complete: bool = False, error: type[EdgeharError] = EdgeharError
) -> _T:
    """Read what JSON was decoded to as `kind`; arguments and errors as in `decode`."""
    target = _document(typing.cast(Any, kind), complete)
    config = getattr(target, "__struct_config__", None)
    if config is not None and config.tag is not None and isinstance(value, dict):
        got = value.get(config.tag_field)
        if got != config.tag:
            raise error(f"expected {config.tag_field} {config.tag!r}, got {_short(repr(got))} in {where}")
    try:
        document = msgspec.convert(value, target, strict=True)
    except msgspec.ValidationError as reason:
        raise error(_explain(reason, value, target, where)) from reason
    try:
        return typing.cast(_T, _rebuild(document))
    except EdgeharError as reason:
        raise error(f"{reason} in {where}") from reason


def _check_shape(content: bytes, where: str, error: type[EdgeharError]) -> None:
    """Refuse what nests too deeply and names that occur twice in one object, before anything recurses."""
    names: list[set[bytes]] = []
    for found in _TOKEN.finditer(content):
        bracket = found[0]
        if bracket in (b"{", b"["):
            names.append(set())
            if len(names) > DEEPEST:
                raise error(f"expected JSON of at most {DEEPEST} levels in {where}, got a deeper one")
        elif bracket in (b"}", b"]"):
            if names:
                names.pop()
        elif found[2] and names:
            name = found[1]
            if b"\\" in name:
                try:
                    name = msgspec.json.encode(msgspec.json.decode(name, type=str))
                except ValueError:
                    continue  # the decoder says it better
            if name in names[-1]:
                raise error(f"expected each name once in an object of {where}, got {_short(name.decode())} twice")
            names[-1].add(name)


@cache
def _document(kind: Any, complete: bool) -> Any:
    """A dataclass as a Struct that refuses unknown entries; other types as they are."""
    if isinstance(kind, types.UnionType):
        return typing.Union[tuple(_document(part, complete) for part in kind.__args__)]  # noqa: UP007
    if typing.get_origin(kind) is tuple and kind.__args__[1:] == (...,):
        return tuple[_document(kind.__args__[0], complete), ...]  # type: ignore[misc]
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return kind
    hints = typing.get_type_hints(kind)
    entries: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for item in fields(kind):
        hint = _document(hints[item.name], complete)
        if complete or (item.default is MISSING and item.default_factory is MISSING):
            entries.append((item.name, hint))
        else:
            entries.append((item.name, typing.Union[hint, msgspec.UnsetType], msgspec.UNSET))  # noqa: UP007
    tag = {"tag_field": "format", "tag": kind.json_format} if hasattr(kind, "json_format") else {}
    made = msgspec.defstruct(kind.__name__, entries, kw_only=True, forbid_unknown_fields=True, **tag)
    _KINDS[made] = kind
    return made


#: Struct made by `_document` -> the dataclass that it stands for.
_KINDS: dict[type, type] = {}


def _rebuild(value: Any) -> Any:
    if type(value) is tuple:
        return tuple(map(_rebuild, value))
    kind = _KINDS.get(type(value))
    if kind is None:
        return value
    given = {name: getattr(value, name) for name in value.__struct_fields__}
    return kind(**{name: _rebuild(item) for name, item in given.items() if item is not msgspec.UNSET})


def _explain(reason: msgspec.ValidationError, value: object, kind: object, where: str) -> str:
    """The decoder's message in our form: expected, got, where."""
    message, _, place = str(reason).partition(" - at `")
    place = place.rstrip("`").removeprefix("$").removeprefix(".")
    at = f"{place} of {where}" if place else where
    quoted = re.findall(r"`([^`]*)`", message)
    if message.startswith("Object missing required field"):
        return f"expected an entry {quoted[0]!r}, got none at {at}"
    if message.startswith("Object contains unknown field"):
        return f"expected only known entries, got {_short(repr(quoted[0]))} at {at}"
    message = re.sub(r"`([^`]*)`", lambda found: " or ".join(_plain(found[1])), message)
    message = message.replace("Number out of range", "Expected a number within a double's range").replace(
        "Invalid enum value", "expected another value, got"
    )
    message = message[:1].lower() + message[1:]
    if ", got " not in message:
        message += f", got {_short(str(_at(value, place)))}"
    return f"{message} at {at}"


def _plain(names: str) -> list[str]:
    return [_WORDS.get(name, name) for name in names.split(" | ")]


def _at(value: Any, place: str) -> Any:
    """The value at a decoder's path such as `normalisation.mean[1]`; `another value` where it names no single one."""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+|\.\.\.)\]", place):
        try:
            value = value[name] if name and not index else value[int(index)]
        except (KeyError, IndexError, TypeError, ValueError):
            return "another value"
    return value


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"
