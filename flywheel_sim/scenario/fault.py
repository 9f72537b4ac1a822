"""What is wrong with a scenario file, shown where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.records import Record
from flywheel_sim.scenario.locate import line_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flywheel_sim.scenario.locate import Path, Place, Span

__all__ = ["Fault", "has_controls", "plain", "report", "short"]

WIDEST = 120  # characters of a line that are shown
LONGEST_NAME = 60  # characters of a name or value that a message repeats
LONGEST = 400  # characters of a message
MOST = 50  # faults that are shown of one file
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
JOINERS = "\u200c\u200d"  # they make letters and pictures one, and do nothing to a terminal


class Fault(Record):
    """One thing that is wrong.

    Attributes:
        cause: in one line.
        path: the keys that lead there; () for the file as a whole.
        fix: what to write instead.
        at_key: whether the key is at fault rather than its value.
        span: where it stands, if there is no path to it (a fault of syntax).
        absent: whether it is about something that is not there.
        kind: ``error``, or ``warning`` for what runs all the same.
    """

    cause: str
    path: Path = ()
    fix: str = ""
    at_key: bool = False
    span: Span | None = None
    absent: bool = False
    kind: str = "error"


def report(file: str, text: str, places: Mapping[Path, Place], faults: Iterable[Fault]) -> str:
    """All faults of a file, in the order of the file."""
    spans = sorted(((span_of(fault, places), fault) for fault in faults), key=lambda item: item[0])
    shown = [show(file, text, span, fault) for span, fault in spans[:MOST]]
    if len(spans) > MOST:
        shown.append(f"... and {len(spans) - MOST} more")
    errors = sum(fault.kind == "error" for _, fault in spans)
    if errors:
        shown.append(f"{errors} {'fault' if errors == 1 else 'faults'} in {plain(file)}; nothing was run.")
    return "\n\n".join(shown)


def span_of(fault: Fault, places: Mapping[Path, Place]) -> Span:
    """The part of the text a fault points at: its own place, or the nearest table around it."""
    if fault.span is not None:
        return fault.span
    for length in range(len(fault.path), 0, -1):
        place = places.get(fault.path[:length])
        if place is not None:
            exact = length == len(fault.path)
            return place.value if exact and not fault.at_key else place.key
    return 0, 1


def show(file: str, text: str, span: Span, fault: Fault) -> str:
    """One fault: what, where, the line with a caret, and the remedy."""
    start, end = min(span[0], len(text)), span[1]
    before, after = line_at(text, start)
    line = text[before:after].rstrip("\r")
    number, column = text.count("\n", 0, start) + 1, start - before
    window, left, right = visible(line, column, max(column + 1, min(end - before, len(line))))
    margin = " " * len(str(number))
    rows = [
        f"{fault.kind}: {plain(fault.cause[:LONGEST])}",
        f"{margin}--> {plain(file)}:{number}:{column + 1}",
        f"{margin} |",
        f"{number} | {plain(window)}".rstrip(),
        f"{margin} | {' ' * width(window[:left])}{'^' * max(1, width(window[left:right]))}",
    ]
    if fault.fix:
        rows.append(f"{margin} = help: {plain(fault.fix[:LONGEST])}")
    return "\n".join(rows)


def visible(line: str, left: int, right: int) -> tuple[str, int, int]:
    """A line, or of a long one the part around a fault; and where the fault stands in that."""
    cut = 0 if left < WIDEST * 3 // 4 else left - WIDEST // 2
    window = line[cut : cut + WIDEST]
    left, right = left - cut, min(right - cut, len(window))
    if cut + WIDEST < len(line):
        window += " …"
    if cut:
        window, left, right = f"… {window}", left + 2, right + 2
    return window, left, right


def plain(text: str) -> str:
    """Text on one line without control characters, so that it cannot act on a terminal."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character in JOINERS else stand_in(character) for character in text)


def has_controls(text: str) -> bool:
    """Whether a text holds characters that :func:`plain` would have to replace."""
    return any(plain(character) == REPLACEMENT != character for character in set(text))


def stand_in(character: str) -> str:
    """What is shown for a character that is not printable: a space for every kind of space."""
    import unicodedata

    if character == "\t":
        return " "
    return unicodedata.normalize("NFKC", character) if unicodedata.category(character) == "Zs" else REPLACEMENT


def short(text: object) -> str:
    """A name or value for a message: on one line, in quotes, and not too long."""
    written = plain(str(text)[: LONGEST_NAME + 1])
    return f"'{written}'" if len(written) <= LONGEST_NAME else f"'{written[:LONGEST_NAME]}…'"


def width(text: str) -> int:
    """How many columns of a terminal a text takes when it is shown."""
    if text.isascii():
        return len(text)
    import unicodedata

    def columns(character: str) -> int:
        if character in JOINERS or unicodedata.category(character) in {"Mn", "Me"}:
            return 0
        return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1

    return sum(map(columns, plain(text)))
