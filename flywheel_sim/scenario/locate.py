"""Where each key and value of a TOML text stands.

The text has been read by ``tomllib``, so it is known to be valid; this walks over it once more and only keeps
the places. A path is the keys and list positions that lead to a value: ``("strategies", "flywheel", "moves",
0, "at")``.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache

from flywheel_sim.records import Record

__all__ = ["DEEPEST", "Path", "Place", "Repeat", "Span", "line_at", "locate", "repeats"]

Path = tuple[str | int, ...]
Span = tuple[int, int]  # offsets into the text: where something begins, and where it has ended

DEEPEST = 24  # keys of a path; what lies deeper has no place of its own
LONGEST_LIST = 1000  # items of a list that have places


@lru_cache(maxsize=1)
def token() -> re.Pattern[str]:
    """A token; compiled when a file is at fault, and not before."""
    return re.compile(
        r'''"""(?:\\.|[^\\])*?"{3,5}(?!")   # a string of several lines
        |\'\'\'.*?\'{3,5}(?!\')
        |"(?:\\.|[^"\\\n])*"                # a string of one line
        |'[^'\n]*'
        |\#[^\n]*                           # a comment
        |[\[\]{}=,\n]
        |[^\s\[\]{}=,#"']+                  # a bare key, number, date or truth value''',
        re.VERBOSE | re.DOTALL,
    )


def line_at(text: str, offset: int) -> Span:
    """The line around a place, without its end."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", start)
    return start, end if end >= 0 else len(text)


class Place(Record):
    """Where a key stands, and its value."""

    key: Span
    value: Span


class Repeat(Record):
    """A key that is set twice."""

    path: Path
    first: Span
    second: Span


def locate(text: str) -> dict[Path, Place]:
    """The place of every key and value of a valid TOML text."""
    scan = Scan(text)
    scan.run()
    return scan.places


def repeats(text: str) -> list[Repeat]:
    """The keys and tables that stand twice in a TOML text which has no other fault."""
    scan = Scan(text)
    scan.run()
    return scan.repeats


class Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [match.span() for match in token().finditer(text) if text[match.start()] != "#"]
        self.at = 0
        self.places: dict[Path, Place] = {}
        self.repeats: list[Repeat] = []
        self.stated: dict[Path, Span] = {}  # keys that have a value or a header of their own
        self.lists: dict[Path, int] = {}  # lists of tables, and the number of the table we are in

    def run(self) -> None:
        table: Path = ()
        while self.at < len(self.tokens):
            if self.here == "\n":
                self.at += 1
            elif self.here == "[":
                table = self.header()
            else:
                self.pair(table)

    @property
    def here(self) -> str:
        start, end = self.tokens[self.at]
        return self.text[start:end]

    def header(self) -> Path:
        """``[a.b]`` or ``[[a.b]]``: the table that the following keys are in."""
        many = self.text.startswith("[[", self.tokens[self.at][0])
        self.at += 2 if many else 1
        keys, span = self.keys("]")
        self.at += 1 if many else 0
        path = (*self.latest(keys[:-1]), keys[-1])
        if many:
            self.lists[path] = self.lists.get(path, -1) + 1
            self.keep(path, span, span)
            path = (*path, self.lists[path])
        for length in range(1, min(len(path), DEEPEST)):
            self.keep(path[:length], span, span)
        self.state(path, span, span)
        return path

    def latest(self, keys: tuple[str, ...]) -> Path:
        """The path of some keys, going into the latest table wherever a list of tables is met."""
        path: Path = ()
        for name in keys:
            path = (*path, name)
            if path in self.lists:
                path = (*path, self.lists[path])
        return path

    def keys(self, stop: str) -> tuple[tuple[str, ...], Span]:
        """A dotted key up to ``stop``, which is passed."""
        first = self.at
        while self.here != stop:
            self.at += 1
        start, end = self.tokens[first][0], self.tokens[self.at - 1][1]
        self.at += 1
        written = self.text[start:end]
        if written.isidentifier():
            return (written,), (start, end)
        found: object = tomllib.loads(f"{written} = 0")
        names = []
        while isinstance(found, dict):
            ((name, found),) = found.items()
            names.append(name)
        return tuple(names), (start, end)

    def pair(self, table: Path) -> None:
        keys, span = self.keys("=")
        for length in range(1, min(len(keys), DEEPEST)):
            self.keep((*table, *keys[:length]), span, span)
        path = (*table, *keys)
        self.state(path, span, self.value(path))

    def value(self, path: Path) -> Span:
        start, end = self.tokens[self.at]
        if self.here in {"[", "{"}:
            if len(path) >= DEEPEST:
                return start, self.skip()
            return start, self.inside(path, "]" if self.here == "[" else "}")
        self.at += 1
        while self.at < len(self.tokens) and self.here not in {",", "]", "}", "\n"}:  # a date may have a space in it
            end = self.tokens[self.at][1]
            self.at += 1
        return start, end

    def inside(self, path: Path, stop: str) -> int:
        """The items of a list or inline table; returns where it ends."""
        self.at += 1
        number = 0
        while self.here != stop:
            if self.here in {",", "\n"}:
                self.at += 1
            elif stop == "]":
                span = self.value((*path, number))
                if number < LONGEST_LIST:
                    self.places[*path, number] = Place(span, span)
                number += 1
            else:
                self.pair(path)
        end = self.tokens[self.at][1]
        self.at += 1
        return end

    def skip(self) -> int:
        """Passes a list or inline table without a look at what is in it; returns where it ends."""
        depth = 0
        while True:
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(self.here, 0)
            end = self.tokens[self.at][1]
            self.at += 1
            if depth == 0:
                return end

    def keep(self, path: Path, key: Span, value: Span) -> None:
        self.places.setdefault(path, Place(key, value))

    def state(self, path: Path, key: Span, value: Span) -> None:
        """Keep the place of a key that has a value or a header of its own."""
        if path in self.stated:
            self.repeats.append(Repeat(path, self.stated[path], key))
        self.stated[path] = key
        self.places[path] = Place(key, value)
