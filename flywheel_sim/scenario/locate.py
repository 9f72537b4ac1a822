"""Where each key and value of a TOML text stands.

The text has been read by ``tomllib``, so it is known to be valid; this walks over it once more and only keeps
the places. A path is the keys and list positions that lead to a value: ``("strategies", "flywheel", "moves",
0, "at")``.
"""

from __future__ import annotations

import re
import tomllib

from flywheel_sim.records import Record

__all__ = ["Path", "Place", "locate"]

Path = tuple[str | int, ...]

TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}(?!")   # a string of several lines
    |\'\'\'.*?\'{3,5}(?!\')
    |"(?:\\.|[^"\\\n])*"                # a string of one line
    |'[^'\n]*'
    |\#[^\n]*                           # a comment
    |[\[\]{}=,\n]
    |[^\s\[\]{}=,#"']+                  # a bare key, number, date or truth value''',
    re.VERBOSE | re.DOTALL,
)


class Place(Record):
    """Offsets into the text: of the key, and of the value where there is one."""

    key: tuple[int, int]
    value: tuple[int, int]


def locate(text: str) -> dict[Path, Place]:
    """The place of every key and value of a valid TOML text."""
    return Scan(text).run()


class Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [match.span() for match in TOKEN.finditer(text) if not match[0].startswith("#")]
        self.at = 0
        self.places: dict[Path, Place] = {}
        self.lists: dict[Path, int] = {}  # lists of tables, and the number of the table we are in

    def run(self) -> dict[Path, Place]:
        table: Path = ()
        while self.at < len(self.tokens):
            if self.here == "\n":
                self.at += 1
            elif self.here == "[":
                table = self.header()
            else:
                self.pair(table)
        return self.places

    @property
    def here(self) -> str:
        start, end = self.tokens[self.at]
        return self.text[start:end]

    def header(self) -> Path:
        """``[a.b]`` or ``[[a.b]]``: the table that the following keys are in."""
        start = self.tokens[self.at][0]
        many = self.text.startswith("[[", start)
        self.at += 2 if many else 1
        keys, span = self.keys("]")
        self.at += 1 if many else 0
        path = self.numbered(keys[:-1])
        path = (*path, keys[-1])
        if many:
            self.lists[path] = self.lists.get(path, -1) + 1
            self.keep(path, span, span)
            path = (*path, self.lists[path])
        elif path in self.lists:
            path = (*path, self.lists[path])
        for length in range(1, len(path)):
            self.keep(path[:length], span, span)
        self.places[path] = Place(span, span)
        return path

    def numbered(self, keys: tuple[str, ...]) -> Path:
        """The path of some keys, going into the latest table wherever a list of tables is met."""
        path: Path = ()
        for name in keys:
            path = (*path, name)
            if path in self.lists:
                path = (*path, self.lists[path])
        return path

    def keys(self, stop: str) -> tuple[tuple[str, ...], tuple[int, int]]:
        """A dotted key up to ``stop``, which is passed."""
        first = self.at
        while self.here != stop:
            self.at += 1
        start, end = self.tokens[first][0], self.tokens[self.at - 1][1]
        self.at += 1
        found: object = tomllib.loads(f"{self.text[start:end]} = 0")
        names = []
        while isinstance(found, dict):
            ((name, found),) = found.items()
            names.append(name)
        return tuple(names), (start, end)

    def pair(self, table: Path) -> None:
        keys, span = self.keys("=")
        for length in range(1, len(keys)):
            self.keep((*table, *keys[:length]), span, span)
        path = (*table, *keys)
        self.places[path] = Place(span, self.value(path))

    def value(self, path: Path) -> tuple[int, int]:
        start, end = self.tokens[self.at]
        if self.here in {"[", "{"}:
            end = self.inside(path, "]" if self.here == "[" else "}")
            return start, end
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
                self.places[(*path, number)] = Place(span, span)
                number += 1
            else:
                self.pair(path)
        end = self.tokens[self.at][1]
        self.at += 1
        return end

    def keep(self, path: Path, key: tuple[int, int], value: tuple[int, int]) -> None:
        self.places.setdefault(path, Place(key, value))
