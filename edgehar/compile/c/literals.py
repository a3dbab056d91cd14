"""C literals: numbers, words, strings, initialisers by field name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill

import numpy as np

#: Literals in a line of a table; columns of a line, and what its continuation begins with.
_LINE, _COLUMNS, _INDENT = 10, 114, " " * 8


def table(kind: str, name: str, rows: Iterable[str], size: int | None = None) -> str:
    """A constant array, one row per line; `size`: numbers of a row, where rows are arrays."""
    each = "" if size is None else f"[{size}]"
    return f"static const {kind} {name}[]{each} = {{\n" + "".join(f"    {row},\n" for row in rows) + "};\n"


def numbers(kind: str, name: str, values: Sequence[int]) -> str:
    """A constant array of integers."""
    literals = ["INT32_MIN" if value == -(1 << 31) else str(value) for value in values]
    return f"static const {kind} {name}[] = {{\n{_rows(literals)}}};"


def words(name: str, content: bytes, *, whole_lines: bool = False) -> str:
    """Bytes as little-endian words, so that a kernel may load words; `whole_lines`: from the begin of a cache line."""
    values = np.frombuffer(content + bytes(-len(content) % 4), "<u4").tolist()
    kind = "EDGEHAR_CACHE_LINE uint32_t" if whole_lines else "uint32_t"
    return f"static const {kind} {name}[] = {{\n{_rows([f'0x{word:08x}' for word in values])}}};"


def fields(values: Mapping[str, object]) -> str:
    """An initialiser by field name; a sequence of numbers becomes a nested one."""
    # A field and its value stay in one line.
    text = ", ".join(f".{name}\0=\0{_value(value)}" for name, value in values.items())
    text = fill(text, _COLUMNS, initial_indent=_INDENT, subsequent_indent=_INDENT, break_long_words=False)
    return "{" + text.strip().replace("\0", " ") + "}"


def float_literal(value: float) -> str:
    """A float literal that reads back to the same float32."""
    text = np.format_float_scientific(np.float32(value), unique=True, trim="0")
    return f"{text}f"


def string(text: str) -> str:
    """A C string literal in ASCII; other bytes of its UTF-8 form are octal escapes."""
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in text.encode()
    )
    return f'"{escaped}"'


def comment(text: str) -> str:
    """Text that may stand in a C comment."""
    return "".join(c if " " <= c <= "~" else "?" for c in text).replace("*/", "* /").replace("/*", "/ *")


def braces(values: Sequence[object]) -> str:
    """The initialiser of an array within a line."""
    return "{" + ", ".join(map(str, values)) + "}"


def _value(value: object) -> str:
    return braces(value) if isinstance(value, list | tuple) else str(value)


def _rows(literals: Sequence[str]) -> str:
    return "".join("    " + ", ".join(literals[at : at + _LINE]) + ",\n" for at in range(0, len(literals), _LINE))
