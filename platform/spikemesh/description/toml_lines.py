"""Lines on which the keys of a TOML or JSON text stand, for messages.

The text has been parsed by a real parser before; this only finds places, and stops quietly where it
does not understand.
"""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Mapping
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'",
    re.DOTALL,
)


def key_lines(text: str) -> dict[Path, int]:
    """Find the line of every key and list entry.

    Parameters
    ----------
    text
        TOML, or JSON if it begins with a brace.

    Returns
    -------
    dict
        Line, counted from 1, by path such as ``("population", 0, "params", "tau_m")``.
    """
    scanner = _Scanner(text)
    try:
        if text.lstrip().startswith("{"):
            scanner.blank()
            scanner.value(())
        else:
            scanner.document()
    except (IndexError, RecursionError):
        pass
    return scanner.lines


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """Return the line of a path, or of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}
        self.starts = [0, *(m.end() for m in re.finditer("\n", text))]

    def note(self, path: Path) -> None:
        self.lines.setdefault(path, bisect.bisect_right(self.starts, self.at))

    def skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise IndexError
        self.at = match.end()
        return match.group()

    def blank(self) -> None:
        self.skip(_BLANK)

    def peek(self) -> str:
        return self.text[self.at]

    def document(self) -> None:
        table: Path = ()
        self.blank()
        while self.at < len(self.text):
            table = self.header() if self.peek() == "[" else self.pair(table)
            self.blank()

    def header(self) -> Path:
        start = self.at
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        keys = self.keys()
        path: Path = ()
        for key in keys[: -1 if double else None]:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        if double:
            path = (*path, keys[-1])
            index = self.counts.get(path, 0)
            self.counts[path] = index + 1
            end, self.at = self.at, start
            self.note(path)
            path = (*path, index)
            self.at = end
        end, self.at = self.at, start
        self.note(path)
        self.at = self.text.index("]", end) + (2 if double else 1)
        return path

    def pair(self, table: Path) -> Path:
        start = self.at
        keys = self.keys()
        end, self.at = self.at, start
        for length in range(1, len(keys) + 1):
            self.note((*table, *keys[:length]))
        self.at = end
        self.skip(_SPACE)
        if self.peek() not in "=:":
            raise IndexError
        self.at += 1
        self.blank()
        self.value((*table, *keys))
        return table

    def keys(self) -> list[str]:
        found = []
        while True:
            self.skip(_SPACE)
            raw = self.skip(_STRING if self.peek() in "\"'" else _BARE_KEY)
            found.append(_plain(raw))
            self.skip(_SPACE)
            if self.at >= len(self.text) or self.peek() != ".":
                return found
            self.at += 1

    def value(self, path: Path) -> None:
        first = self.peek()
        if first in "\"'":
            self.skip(_STRING)
        elif first == "[":
            self.at += 1
            self.entries(path)
        elif first == "{":
            self.at += 1
            self.blank()
            while self.peek() != "}":
                self.pair(path)
                self.blank()
            self.at += 1
        else:
            self.skip(_SCALAR)

    def entries(self, path: Path) -> None:
        index = 0
        self.blank()
        while self.peek() != "]":
            # Long lists of numbers need no place for each.
            if index < 1000:
                self.note((*path, index))
            self.value((*path, index))
            index += 1
            self.blank()
        self.at += 1


def _plain(raw: str) -> str:
    if raw[0] == "'":
        return raw[1:-1]
    if raw[0] != '"':
        return raw
    try:
        return str(json.loads(raw))
    except ValueError:
        return raw[1:-1]
