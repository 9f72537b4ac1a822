"""Where two strategies tie: along one parameter, and as a line on a map of two."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from flywheel_sim.analysis.words import called, capital, percent
from flywheel_sim.records import Record
from flywheel_sim.result import undefined_to_none

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Writer = Callable[[float], str]
    Edge = tuple[int, int, bool]

__all__ = ["Axis", "RegimeMap", "Tipping", "Turn", "dips", "in_words", "map_in_words", "nearest_on", "tie_lines", "turns"]

Point = tuple[float, float]
Polyline = tuple[Point, ...]


class Tipping(Record):
    """Where along one parameter the lead changes hands, all else as the scenario has it.

    Attributes:
        name: of the parameter, with its label if it has one: ``churn``, ``fit[referred]``.
        title: the same in words.
        note: what it is.
        unit: of every value of it.
        value: what the scenario has.
        low: where the search began.
        high: where it ended.
        ties: the values at which both strategies end with the same, increasing.
        winners: who ends ahead in each interval, left to right; empty where nobody does.
        sentence: what that means.
        distance: from the scenario's value to the nearest tie, as a share of the range searched; NaN without a tie.
        edges: where one interval ends and the next begins: the ties, and the ends of stretches in which nobody is ahead
            (a run fails there, or has no value). One fewer than there are winners.
        baseline: the name of a strategy.
        challenger: of another.
        by: the series that decides.
    """

    name: str
    title: str
    note: str
    unit: str
    value: float
    low: float
    high: float
    ties: tuple[float, ...]
    winners: tuple[str, ...]
    sentence: str
    distance: float
    edges: tuple[float, ...]
    baseline: str
    challenger: str
    by: str

    def as_json(self) -> dict[str, Any]:
        """Everything in it; what is undefined is None."""
        found = {name: getattr(self, name) for name in self.__match_args__}
        return found | {name: list(found[name]) for name in ("ties", "winners", "edges")} | {"distance": undefined_to_none(self.distance)}


class Axis(Record):
    """A parameter along one side of a map.

    Attributes:
        name: with its label if it has one.
        title: the same in words.
        note: what it is.
        unit: of every value of it.
        low: at one end.
        high: at the other.
        own: what the scenario has.
    """

    name: str
    title: str
    note: str
    unit: str
    low: float
    high: float
    own: float

    def at(self, number: int, size: int) -> float:
        """The value in a place of a grid."""
        return self.low + (self.high - self.low) * number / (size - 1)

    def as_json(self) -> dict[str, Any]:
        """Everything in it."""
        return {name: getattr(self, name) for name in self.__match_args__}


class RegimeMap(Record):
    """Who wins where, over two parameters.

    Attributes:
        across: the parameter from left to right.
        up: the parameter from below.
        gaps: how far the challenger ends ahead, row by row from below, each from left to right; negative where it is
            behind, NaN where a run fails or has no value. In the unit of the series.
        border: the lines along which the two tie, each a tuple of points (across, up).
        distance: from the scenario's own point to the border, both parameters as shares of their ranges; NaN without one.
        nearest: the point of the border that is nearest; None without one.
        sentence: what that means.
        baseline: the name of a strategy.
        challenger: of another.
        by: the series that decides.
        winner: who wins at the scenario's own point; empty where nobody does.
        share: the part of the map on which that one wins.
    """

    across: Axis
    up: Axis
    gaps: tuple[tuple[float, ...], ...]
    border: tuple[Polyline, ...]
    distance: float
    nearest: Point | None
    sentence: str
    baseline: str
    challenger: str
    by: str
    winner: str
    share: float

    def as_json(self) -> dict[str, Any]:
        """Everything in it; what is undefined is None."""
        return {
            "across": self.across.as_json(),
            "up": self.up.as_json(),
            "gaps": [[undefined_to_none(gap) for gap in row] for row in self.gaps],
            "border": [[list(point) for point in line] for line in self.border],
            "distance": undefined_to_none(self.distance),
            "nearest": None if self.nearest is None else list(self.nearest),
            "sentence": self.sentence,
            "baseline": self.baseline,
            "challenger": self.challenger,
            "by": self.by,
            "winner": self.winner,
            "share": undefined_to_none(self.share),
        }


# Along one parameter


class Turn(Record):
    """Two neighbouring points between which who is ahead changes.

    Attributes:
        low: the left one.
        high: the right one; the same where a gap of 0 was met.
        before: who is ahead left of them: 1, -1, or 0 for nobody.
        after: who is ahead right of them.
        value: where the gap is 0 on the straight line between the two; the middle where one of them has none.
        tie: whether one leads on one side and the other on the other.
    """

    low: float
    high: float
    before: int
    after: int
    value: float
    tie: bool


def turns(points: Sequence[float], gaps: Sequence[float]) -> list[Turn]:
    """Where who is ahead changes along a line.

    A gap of 0 at one point between two of opposite sign is a tie there; at an end, or where the same side leads on
    both sides of it, it is passed over. More zeros in a row, or no value, are a stretch in which nobody is ahead.

    Args:
        points: increasing.
        gaps: how far one is ahead at each; NaN for no value.
    """
    found = []
    signs = [sign_of(gap) for gap in gaps]
    for end, beside in ((0, 1), (-1, -2)):
        signs[end] = signs[beside] if gaps[end] == 0 else signs[end]
    for place, sign in enumerate(signs[1:-1], 1):
        around = (signs[place - 1], signs[place + 1])
        if gaps[place] == 0 and 0 not in around and sign == 0:
            if around[0] != around[1]:
                found.append(Turn(points[place], points[place], *around, points[place], tie=True))
            signs[place] = around[1] if around[0] == around[1] else 2
    for (left, start, before, one), (right, stop, after, other) in itertools.pairwise(zip(points, gaps, signs, gaps, strict=True)):
        if before == after or 2 in (before, after):
            continue
        tie = before * after < 0
        value = left - start * (right - left) / (stop - start) if tie else left if one == 0 else right if other == 0 else (left + right) / 2
        found.append(Turn(left, right, before, after, value, tie))
    return sorted(found, key=lambda turn: turn.value)


def sign_of(gap: float) -> int:
    return 0 if math.isnan(gap) else (gap > 0) - (gap < 0)


def dips(points: Sequence[float], gaps: Sequence[float]) -> list[tuple[float, float]]:
    """Where the lead dips so low between points that it may change hands and back unseen: intervals to look at closely.

    A point counts whose gap is the least of three of one sign, and on the parabola through the three the lead is less
    than half of it.
    """
    found = []
    for place in range(1, len(points) - 1):
        first, middle, last = (abs(gap) for gap in gaps[place - 1 : place + 2])
        one_sign = len({sign_of(gap) for gap in gaps[place - 1 : place + 2]}) == 1
        if not (one_sign and middle <= first and middle <= last and first + last > 2 * middle):
            continue
        bend = first - 2 * middle + last  # on points taken as evenly spaced: this only decides where to look
        if middle - (first - last) ** 2 / (8 * bend) < 0.5 * middle or min(first, last) > 2 * middle:
            found.append((points[place - 1], points[place + 1]))
    return found


def in_words(title: str, value: float, ends: Point, edges: Sequence[float], winners: Sequence[str], write: Writer, others: str) -> str:
    """What the ties along a parameter mean, as a sentence.

    Args:
        title: the parameter in words.
        value: what the scenario has.
        ends: of the range searched.
        edges: between intervals.
        winners: of the intervals, left to right.
        write: a value of the parameter with its unit.
        others: what to say where nobody wins anywhere.
    """
    low, high = ends
    if not any(winners):
        return f"{capital(others)} whatever {title} is between {write(low)} and {write(high)}."
    if len(winners) == 1:
        return f"{capital(called(winners[0]))} wins whatever {title} is between {write(low)} and {write(high)}; here it is {write(value)}."
    place = sum(value > edge for edge in edges)
    here = winners[place]
    if not here or not low <= value <= high or value in edges:
        return f"{capital(listed_intervals(title, edges, winners, write))}; here it is {write(value)}."
    below, above = (edges[place - 1] if place else None), (edges[place] if place < len(edges) else None)
    if below is not None and above is not None:
        limits = f"while {title} is between {write(below)} and {write(above)}"
    elif below is not None:
        limits = f"until {title} falls below {write(below)}"
    else:
        assert above is not None
        limits = f"until {title} rises above {write(above)}"
    tail = "" if len(edges) <= 2 else f"; over the whole range, {listed_intervals(title, edges, winners, write)}"
    return f"{capital(called(here))} still wins {limits}; here it is {write(value)}{tail}."


def listed_intervals(title: str, edges: Sequence[float], winners: Sequence[str], write: Writer) -> str:
    """``the funnel wins where churn is below 2 %, the flywheel from there on``."""
    parts = []
    for place, winner in enumerate(winners):
        who = called(winner) if winner else "nobody"
        if place == 0:
            where = f"where {title} is below {write(edges[0])}"
        elif place == len(winners) - 1:
            where = f"above {write(edges[-1])}"
        else:
            where = f"from {write(edges[place - 1])} to {write(edges[place])}"
        parts.append(f"{who} {'wins ' if place == 0 else ''}{where}")
    return ", ".join(parts)


# On a map


def tie_lines(xs: Sequence[float], ys: Sequence[float], gaps: Sequence[Sequence[float]]) -> tuple[Polyline, ...]:
    """The lines on which a grid of numbers is 0, by marching squares.

    Where a square has two lines through it, the mean of its corners tells which corners belong together. Squares with a
    corner without a value have none. A corner that is 0 counts as above.

    Args:
        xs: of the columns.
        ys: of the rows.
        gaps: row by row.

    Returns:
        Each line from end to end; a closed one ends with the point it begins with.
    """
    # An edge of the grid is its lower left corner and whether it goes up; each square joins the edges that a line crosses.
    links: dict[Edge, list[Edge]] = {}
    for row, column in itertools.product(range(len(ys) - 1), range(len(xs) - 1)):
        corners = [gaps[row][column], gaps[row][column + 1], gaps[row + 1][column + 1], gaps[row + 1][column]]
        if any(map(math.isnan, corners)):
            continue
        above = [gap >= 0 for gap in corners]
        sides = [(row, column, False), (row, column + 1, True), (row + 1, column, False), (row, column, True)]
        crossed = [sides[place] for place in range(4) if above[place] != above[(place + 1) % 4]]
        if len(crossed) == 4 and (sum(corners) >= 0) != above[0]:
            crossed = [crossed[3], *crossed[:3]]  # the first corner is cut off, and the one across from it
        for one, other in zip(crossed[::2], crossed[1::2], strict=True):
            links.setdefault(one, []).append(other)
            links.setdefault(other, []).append(one)

    def point(edge: Edge) -> Point:
        row, column, upward = edge
        start = gaps[row][column]
        stop = gaps[row + 1][column] if upward else gaps[row][column + 1]
        part = start / (start - stop)
        if upward:
            return xs[column], ys[row] + part * (ys[row + 1] - ys[row])
        return xs[column] + part * (xs[column + 1] - xs[column]), ys[row]

    ends = [edge for edge, joined in links.items() if len(joined) == 1]
    return tuple(tuple(map(point, followed(links, first))) for first in [*ends, *links] if first in links)


def followed(links: dict[Edge, list[Edge]], first: Edge) -> list[Edge]:
    """The edges of one line in order, taken out of the links."""
    line = [first]
    while links.get(line[-1]):
        here = line[-1]
        onward = links[here].pop()
        links[onward].remove(here)
        for edge in (here, onward):
            if not links[edge]:
                del links[edge]
        line.append(onward)
    return line


def nearest_on(lines: Sequence[Polyline], own: Point, spans: Point) -> tuple[float, Point | None]:
    """The distance from a point to the nearest of some lines, and where that is.

    Args:
        lines: polylines.
        own: the point.
        spans: what counts as 1 across and up.

    Returns:
        NaN and None where there are no lines.
    """
    best, where = math.nan, None
    for line in lines:
        for start, stop in itertools.pairwise(line):
            along = [(end - begin) / span for begin, end, span in zip(start, stop, spans, strict=True)]
            away = [(one - begin) / span for one, begin, span in zip(own, start, spans, strict=True)]
            length = sum(one * one for one in along)
            part = 0.0 if length == 0 else min(1.0, max(0.0, sum(a * b for a, b in zip(along, away, strict=True)) / length))
            distance = math.hypot(*(b - part * a for a, b in zip(along, away, strict=True)))
            if not distance >= best:
                best = distance
                where = (start[0] + part * (stop[0] - start[0]), start[1] + part * (stop[1] - start[1]))
    return best, where


def map_in_words(
    winner: str, share: float, axes: tuple[Axis, Axis], near: tuple[float, Point | None], writers: tuple[Writer, Writer]
) -> str:
    """What a map means, as a sentence."""
    across, up = axes
    distance, point = near
    both = f"{across.title} and {up.title}"
    if point is None:
        if not winner:
            return f"Nobody is ahead in the scenario, and no border is crossed whatever {both} are within their ranges."
        return f"{capital(called(winner))} wins whatever {both} are within their ranges."
    at = f"{across.title} {writers[0](point[0])} and {up.title} {writers[1](point[1])}"
    here = f"{across.title} {writers[0](across.own)} and {up.title} {writers[1](up.own)}"
    if not winner:
        return f"Nobody is ahead at {here}; the nearest point of the border is {at}."
    return (
        f"{capital(called(winner))} wins at {here}, and on {percent(share)} of the map; the border is nearest at {at}, "
        f"{percent(distance)} of the ranges away."
    )
