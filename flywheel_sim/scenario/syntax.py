"""From a text to its data; every line that is not TOML is told at once."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from flywheel_sim.records import Record
from flywheel_sim.scenario.fault import Fault
from flywheel_sim.scenario.locate import line_at

if TYPE_CHECKING:
    from flywheel_sim.scenario.locate import Span

__all__ = ["Parsed", "read_toml"]

MOST = 20  # lines that are not TOML, after which the rest is not tried
LONGEST = 30_000  # characters of a text that is looked at closely: no scenario is longer
MOST_POINTS = 300  # in a line
DEEPEST = 40


class Parsed(Record):
    """A TOML text, read as far as it can be.

    Attributes:
        data: what it says; None where too little of it can be read.
        readable: the text with every broken line blank, character for character.
        faults: of the broken lines.
    """

    data: dict[str, Any] | None
    readable: str
    faults: tuple[Fault, ...]


def read_toml(text: str) -> Parsed:
    """Read a text. A line that is broken is told, left out, and the rest is read on."""
    faults: list[Fault] = []
    readable = text
    while isinstance(found := data_or_fault(readable), Fault):
        faults.append(found)
        line = statement_at(readable, found.span or (0, 1))
        if line is None or len(faults) == MOST or len(text) > LONGEST:
            return Parsed(None, readable, tuple(faults))
        start, end = line
        readable = readable[:start] + " " * (end - start) + readable[end:]
    return Parsed(found, readable, tuple(faults))


def data_or_fault(text: str) -> dict[str, Any] | Fault:
    """What a text says, or the first thing that keeps it from being read."""
    endless = too_many_points(text)
    if endless is not None:
        return endless
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        from flywheel_sim.scenario.complaint import explained

        return explained(str(error), text, closely=len(text) <= LONGEST)
    except RecursionError:
        return Fault("this is nested too deeply", span=deepest(text), fix="a scenario needs four levels at most")
    except ValueError:  # more digits than Python reads
        match = re.search(r"\d[\d_]{4000,}", text)
        return Fault("this number is too long", span=match.span() if match else (0, 1), fix="write a shorter number")


def too_many_points(text: str) -> Fault | None:
    """A line that would keep tomllib busy for ever: the time for a key grows with the square of its parts."""
    if text.count(".") <= MOST_POINTS:
        return None
    start = 0
    for line in text.split("\n"):
        if line.count(".") > MOST_POINTS and not line.lstrip().startswith("#"):
            return Fault("this line has more points than a key or number needs", span=(start, start + len(line)), fix="make it shorter")
        start += len(line) + 1
    return None


def statement_at(text: str, span: Span) -> Span | None:
    """The line at a place, if it can be left out without changing what the others mean."""
    start, end = line_at(text, span[0])
    line = text[start:end]
    alone = re.match(r"\s*[^\s\[{#=][^=]*=|\s*[^\s\[{#]+\s*$", line) is not None
    whole = all(line.count(one) == line.count(other) for one, other in ("[]", "{}")) and line.count('"""') % 2 == line.count("'''") % 2 == 0
    return (start, end) if alone and whole and line.strip() else None


def deepest(text: str) -> Span:
    """Where brackets are nested deeper than can be meant."""
    depth = 0
    for match in re.finditer(r"[\[\]{}]", text):
        depth += 1 if match[0] in "[{" else -1
        if depth > DEEPEST:
            return match.span()
    return 0, 1
