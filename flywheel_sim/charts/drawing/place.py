"""Where text goes so that it neither collides nor leaves its place: plain geometry, in pixels."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Measure = Callable[[str, float], float]  # the width of a text at a size

__all__ = ["Box", "Point", "crosses", "fitted", "free_place", "grown", "inside", "overlap", "spread", "wrapped"]

Box = tuple[float, float, float, float]  # left, low, right, high
Point = tuple[float, float]

ELLIPSIS = "…"
PAUSE = 0.72  # a line may be so much wider than it must if it ends where the sentence pauses


# Lines of text


def fitted(text: str, width: float, sizes: Iterable[float], most: int, measure: Measure) -> tuple[float, list[str]]:
    """The largest size at which a text goes into so many lines, and the lines; cut at the smallest size if need be.

    Args:
        text: on one line.
        width: of the lines at most.
        sizes: to try, the largest first.
        most: lines.
        measure: the width of a text at a size.
    """
    size, lines = 0.0, [text]
    for size in sizes:
        at_size = partial(sized, measure, size)
        lines = wrapped(text, width, at_size)
        if len(lines) <= most:
            return size, balanced(lines, width, at_size)
    return size, [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), width, partial(sized, measure, size))]


def sized(measure: Measure, size: float, text: str) -> float:
    return measure(text, size)


def wrapped(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """A text in lines, broken between words, or within words that are wider than a line."""
    lines: list[str] = []
    for word in words(text):
        if lines and measure(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
            continue
        rest = word
        while measure(rest) > width and len(rest) > 1:
            fits = next(count for count in range(len(rest) - 1, 0, -1) if count == 1 or measure(rest[:count]) <= width)
            lines.append(rest[:fits])
            rest = rest[fits:]
        lines.append(rest)
    return lines or [""]


def words(text: str) -> list[str]:
    """Words, with a number and what it counts in one, and ranges whole: no line ends in ``20`` and begins with ``%``."""
    found: list[str] = []
    for word in text.split():
        if found and (word in {"%", "–"} or found[-1].endswith(" –") or (word[:1].isdigit() and found[-1] == "month")):
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def balanced(lines: list[str], width: float, measure: Callable[[str], float]) -> list[str]:
    """Two lines broken anew: about equal in width, so that no word is left alone, and rather where the sentence pauses."""
    parts = words(" ".join(lines))
    if len(lines) != 2 or any(measure(part) > width for part in parts):
        return lines

    def cost(pair: list[str]) -> float:
        widest = max(map(measure, pair))
        return math.inf if widest > width else widest * (PAUSE if pair[0][-1] in ",;:" else 1.0)

    return min(([" ".join(parts[:count]), " ".join(parts[count:])] for count in range(1, len(parts))), key=cost)


def cut(text: str, width: float, measure: Callable[[str], float]) -> str:
    """A text cut off, with a mark, where it is too wide."""
    if measure(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle].rstrip() + ELLIPSIS) <= width else (low, middle - 1)
    return text[:low].rstrip() + ELLIPSIS


# Labels beside one another


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Centres as near as possible to those wanted, with no two labels over each other and none beyond the ends.

    Labels that would touch move as a block, so that the sum of the squares of what they are moved is least.

    Args:
        wanted: where each label would stand if it were alone.
        heights: of the labels.
        low: where the lowest may begin.
        high: where the highest must end; all of them together must fit.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    blocks: list[tuple[list[int], float, float]] = []  # members, where it begins, height
    for index in order:
        height = heights[index]
        members, begin = [index], clamp(wanted[index] - height / 2, low, high - height)
        while blocks and blocks[-1][1] + blocks[-1][2] > begin:
            before, _, below = blocks.pop()
            members, height = before + members, below + height
            begin = clamp(beginning(members, wanted, heights), low, high - height)
        blocks.append((members, begin, height))
    centres = [0.0] * len(wanted)
    for members, begin, _ in blocks:
        at = begin
        for index in members:
            centres[index] = at + heights[index] / 2
            at += heights[index]
    return centres


def beginning(members: Sequence[int], wanted: Sequence[float], heights: Sequence[float]) -> float:
    """Where a block of labels begins when it stands as near as possible to what its members want."""
    at = 0.0
    offsets = []
    for index in members:
        offsets.append(wanted[index] - at - heights[index] / 2)
        at += heights[index]
    return sum(offsets) / len(offsets)


def clamp(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))


# A label near a point, clear of lines


def free_place(size: tuple[float, float], point: Point, area: Box, polylines: Sequence[Sequence[Point]]) -> Box:
    """A box near a point and inside an area, clear of lines; the one that hits least if none is clear.

    Args:
        size: width and height of the box.
        point: what it belongs to.
        area: where it may stand.
        polylines: lines to keep clear of.
    """
    best, fewest = (0.0, 0.0, 0.0, 0.0), math.inf
    for distance in (46, 70, 100, 140, 190, 250, 320):
        for degrees in (125, 110, 90, -55, -70, -90, 145, 60, -35, 35, -125, 180, 0):
            box = beside(point, size, distance, math.radians(degrees))
            if not inside(box, area):
                continue
            hits = sum(crosses(line, grown(box, 12)) for line in polylines)
            if hits < fewest:
                best, fewest = box, hits
            if not hits:
                return box
    return best if fewest < math.inf else beside(point, size, 46, math.pi / 2)


def beside(point: Point, size: tuple[float, float], distance: float, angle: float) -> Box:
    """A box whose nearest edge is at a distance from a point, in a direction."""
    width, height = size
    x = point[0] + math.cos(angle) * (distance + width / 2)
    y = point[1] + math.sin(angle) * (distance + height / 2)
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def grown(box: Box, margin: float) -> Box:
    """A box with a margin around it."""
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def inside(box: Box, area: Box) -> bool:
    """Whether a box lies within an area."""
    return area[0] <= box[0] and area[1] <= box[1] and box[2] <= area[2] and box[3] <= area[3]


def overlap(first: Box, second: Box, tolerance: float = 0.0) -> bool:
    """Whether two boxes share more than a rim of ``tolerance``."""
    return (
        min(first[2], second[2]) - max(first[0], second[0]) > tolerance and min(first[3], second[3]) - max(first[1], second[1]) > tolerance
    )


def crosses(line: Sequence[Point], box: Box) -> bool:
    """Whether any stretch of a line runs through a box; points that are not finite break the line."""
    return any(stretch_crosses(start, end, box) for start, end in pairwise(line))


def stretch_crosses(start: Point, end: Point, box: Box) -> bool:
    if not all(map(math.isfinite, (*start, *end))):
        return False
    first, last = 0.0, 1.0
    for axis in (0, 1):
        change = end[axis] - start[axis]
        low, high = box[axis] - start[axis], box[axis + 2] - start[axis]
        if abs(change) < 1e-9:
            if low > 0 or high < 0:
                return False
            continue
        enter, leave = sorted((low / change, high / change))
        first, last = max(first, enter), min(last, leave)
    return first <= last
