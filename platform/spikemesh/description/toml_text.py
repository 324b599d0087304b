"""A parsed scenario written as TOML again, so that a trace holds what was run, overrides included."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(document: Mapping[str, Any]) -> str:
    """Write a document as TOML: plain keys first, then a section for each table and list of tables.

    Parameters
    ----------
    document
        Tables, lists, texts, numbers, dates and switches, as a TOML or JSON parser returns them.
        Empty values (None of JSON) are left out.

    Returns
    -------
    str
        Text that parses to an equal document.
    """
    lines: list[str] = []
    _section(document, (), lines)
    return "\n".join(lines).lstrip("\n") + "\n"


def _section(table: Mapping[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    below = []
    for key, value in table.items():
        tables = isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value)
        if not path and (isinstance(value, Mapping) or tables):
            below.append((key, value))
        elif value is not None:
            lines.append(f"{_key(key)} = {value_text(value)}")
    for key, value in below:
        head = ".".join(_key(part) for part in (*path, key))
        for entry in value if isinstance(value, list) else [value]:
            lines += ["", f"[[{head}]]" if isinstance(value, list) else f"[{head}]"]
            _section(entry, (*path, key), lines)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    # JSON escapes are TOML escapes, except for characters beyond 16 bits, which stay as they are.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def value_text(value: Any) -> str:
    """Write a value as it stands behind a key."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "nan" if math.isnan(value) else f"{value}"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return "[" + ", ".join(value_text(v) for v in value if v is not None) + "]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(k)} = {value_text(v)}" for k, v in value.items() if v is not None)
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
