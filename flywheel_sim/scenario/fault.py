"""What is wrong with a scenario file, shown where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flywheel_sim.scenario.locate import Path, Place

__all__ = ["Fault", "nearest", "plain", "report", "show"]

WIDEST = 120  # characters of a line that are shown
MOST = 50  # faults that are shown of one file


class Fault(Record):
    """One thing that is wrong.

    Attributes:
        cause: in one line.
        path: the keys that lead there; () for the file as a whole.
        fix: what to write instead.
        at_key: whether the key is at fault rather than its value.
        offset: where it stands, if there is no path to it (a fault of syntax).
        kind: ``error``, or ``warning`` for what runs all the same.
    """

    cause: str
    path: Path = ()
    fix: str = ""
    at_key: bool = False
    offset: int | None = None
    kind: str = "error"


def report(file: str, text: str, places: Mapping[Path, Place], faults: Iterable[Fault]) -> str:
    """All faults of a file, in the order of the file."""
    spans = [(span_of(fault, places, text), fault) for fault in faults]
    spans.sort(key=lambda item: item[0])
    shown = [show(file, text, span, fault) for span, fault in spans[:MOST]]
    errors = sum(fault.kind == "error" for _, fault in spans)
    if len(spans) > MOST:
        shown.append(f"... and {len(spans) - MOST} more")
    if errors:
        shown.append(f"{errors} {'fault' if errors == 1 else 'faults'} in {plain(file)}; nothing was run.")
    return "\n\n".join(shown)


def span_of(fault: Fault, places: Mapping[Path, Place], text: str) -> tuple[int, int]:
    """The part of the text a fault points at: its own place, or the nearest table around it."""
    if fault.offset is not None:
        return fault.offset, fault.offset + 1
    path = fault.path
    exact = True
    while path and path not in places:
        path, exact = path[:-1], False
    if not path:
        return 0, max(1, len(text.split("\n", 1)[0]))
    place = places[path]
    return place.key if fault.at_key or not exact else place.value


def show(file: str, text: str, span: tuple[int, int], fault: Fault) -> str:
    """One fault: what, where, the line with a caret, and the remedy."""
    start, end = min(span[0], len(text)), span[1]
    before = text.rfind("\n", 0, start) + 1
    after = text.find("\n", start)
    line = text[before : after if after >= 0 else len(text)].rstrip("\r")
    number, column = text.count("\n", 0, start) + 1, start - before
    cut = max(0, column - WIDEST // 2)
    visible = line[cut : cut + WIDEST]
    caret = " " * width(visible[: column - cut]) + "^" * max(1, width(visible[column - cut : end - before - cut]))
    margin = " " * len(str(number))
    rows = [
        f"{fault.kind}: {plain(fault.cause)}",
        f"{margin}--> {plain(file)}:{number}:{column + 1}",
        f"{margin} |",
        f"{number} | {plain(visible)}",
        f"{margin} | {caret}",
    ]
    if fault.fix:
        rows.append(f"{margin} = help: {plain(fault.fix)}")
    return "\n".join(rows)


def plain(text: str) -> str:
    """Text without control characters, so that it cannot act on a terminal."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" if character != "\t" else " " for character in text
    )


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1 for c in text)


def nearest(name: str, allowed: Iterable[str], what: str = "") -> str:
    """The remedy for a name that does not exist: the nearest one that does, or all of them if they are few."""
    import difflib

    names = list(allowed)
    folded = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), folded, 1, 0.6)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    if not names:
        return f"there is no {what}" if what else ""
    listed = ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
    return f"{what + ': ' if what else 'use one of: '}{listed}"
