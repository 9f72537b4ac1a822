"""Where boxes, outlines and the arrows between them go: plain geometry, at a scale of one pixel to one."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from flywheel_sim.charts.drawing.place import crosses, grown
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flywheel_sim.charts.diagram import Diagram, Pipe
    from flywheel_sim.charts.drawing.place import Box, Point

__all__ = ["LANE", "Placed", "Route", "Sizes", "boxes_at", "outline_around", "routed"]

WIDE, HIGH = 168.0, 112.0  # of a box that counts individuals; three arrows with their labels have room beside it
SMALL, LOW = 150.0, 62.0  # of another
ROW = 194.0  # from row to row
LANE = 37.0  # from arrow to arrow, where several run beside one another
BESIDE = 40.0  # the same for upright ones, whose labels stand outside
SHARE = 0.3  # how far from the middle of its side a slanting arrow ends
PAD, ABOVE, TITLE = 30.0, 20.0, 42.0  # of an outline: beside, above, and below, where its title stands
OVER = 34.0  # how far above boxes a detour runs
CHARACTER = 20.0  # the least width of one in the sketch
NARROWEST, BETWEEN = 110.0, 30.0  # between boxes; between arrows from and to outside
CLEAR = 6.0  # that an arrow keeps from boxes it does not end at
LEAST = 24.0  # that two boxes must share for a straight arrow


class Sizes(Record):
    """What text needs, in pixels.

    Attributes:
        along: the room that the label of a level arrow needs between its ends.
        stub: the length of an arrow from or to outside, being one of so many on its side.
    """

    along: Callable[[Pipe], float]
    stub: Callable[[Pipe, int], float]


class Route(Record):
    """The way of an arrow.

    Attributes:
        pipe: what it shows.
        points: where it begins, bends and ends.
        kind: ``level``, ``upright``, ``slanting``, ``bent``, or from or to outside: ``stub``, one
            of several ``stubs``, or ``hanging`` below.
        side: of an upright one, on which its label stands: -1 left, 1 right.
    """

    pipe: Pipe
    points: tuple[Point, ...]
    kind: str
    side: int = 1


class Placed(Record):
    """All places.

    Attributes:
        boxes: by the name of the stock.
        outlines: by the name of the group.
        routes: of the arrows.
    """

    boxes: Mapping[str, Box]
    outlines: Mapping[str, Box]
    routes: tuple[Route, ...]


def boxes_at(diagram: Diagram, sizes: Sizes) -> dict[str, Box]:
    """A place for every box: as in the sketch, drawn so wide that every label beside one has room."""
    stretch = CHARACTER
    for first, second in combinations(sorted(diagram.boxes, key=lambda box: box.column), 2):
        if first.row == second.row:
            between = [pipe for pipe in diagram.pipes if {pipe.source, pipe.destination} == {first.name, second.name}]
            need = max([NARROWEST, *(sizes.along(pipe) for pipe in between)])
            stubs = [stub_room(diagram, box.name, sizes, side) for box, side in ((first, 1), (second, -1))]
            need = max(need, sum(stubs) + BETWEEN if any(stubs) else 0.0)
            need += PAD * sum((first.name in outline.members) != (second.name in outline.members) for outline in diagram.outlines)
            halves = sum(WIDE if box.counted else SMALL for box in (first, second)) / 2
            stretch = max(stretch, (halves + need) / (second.column - first.column))
    found = {}
    for box in diagram.boxes:
        x, y = box.column * stretch, -box.row * ROW
        wide, high = (WIDE, HIGH) if box.counted else (SMALL, LOW)
        found[box.name] = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
    return found


def stub_room(diagram: Diagram, name: str, sizes: Sizes, side: int) -> float:
    """The longest arrow from or to outside, on the left or right of a box."""
    ends = (None, name) if side < 0 else (name, None)
    pipes = [pipe for pipe in diagram.pipes if (pipe.source, pipe.destination) == ends]
    return max((sizes.stub(pipe, len(pipes)) for pipe in pipes), default=0.0)


def outline_around(members: Iterable[Box]) -> Box:
    """The rectangle around the boxes of a group, with room for its title below."""
    left, low, right, high = zip(*members, strict=True)
    return min(left) - PAD, min(low) - TITLE, max(right) + PAD, max(high) + ABOVE


def routed(diagram: Diagram, sizes: Sizes) -> Placed:
    """Places for everything in a diagram."""
    boxes = boxes_at(diagram, sizes)
    outlines = {outline.name: outline_around([boxes[name] for name in outline.members]) for outline in diagram.outlines}
    return Placed(boxes, outlines, Router(diagram, sizes, boxes, outlines).routes())


class Router:
    """Ways for arrows: straight where they can be, else slanting, else around a corner, else over the top."""

    def __init__(self, diagram: Diagram, sizes: Sizes, boxes: Mapping[str, Box], outlines: Mapping[str, Box]) -> None:
        self.diagram, self.sizes, self.boxes, self.outlines = diagram, sizes, boxes, outlines
        self.members = {outline.name: outline.members for outline in diagram.outlines}
        self.caused = {influence.flow for influence in diagram.influences}
        self.made: dict[int, Route] = {}

    def routes(self) -> tuple[Route, ...]:
        pipes = self.diagram.pipes
        inner = [number for number, pipe in enumerate(pipes) if pipe.source is not None and pipe.destination is not None]
        lanes: dict[tuple[str, frozenset[str]], list[int]] = {}
        rest = []
        for number in inner:
            kind, leads = self.straight(pipes[number])
            if kind:
                lanes.setdefault((kind, leads), []).append(number)
            else:
                rest.append(number)
        for (kind, leads), numbers in lanes.items():
            self.side_by_side(kind, leads, numbers)
        for number in rest:
            self.made[number] = self.around(pipes[number])
        self.stubs([number for number in range(len(pipes)) if number not in self.made])
        return tuple(self.made[number] for number in range(len(pipes)))

    # Ends

    def place(self, name: str) -> Box:
        return self.boxes[name] if name in self.boxes else self.outlines[name]

    def leads(self, pipe: Pipe) -> tuple[str, str]:
        """The boxes that stand for the ends: of a group, its member nearest to the other end."""
        ends = (pipe.source or "", pipe.destination or "")
        pairs = [(first, second) for first in self.members.get(ends[0], ends[:1]) for second in self.members.get(ends[1], ends[1:])]
        return min(pairs, key=lambda pair: (apart(*map(self.place, pair)), pair))

    def straight(self, pipe: Pipe) -> tuple[str, frozenset[str]]:
        """Whether it can run level or upright, and between which boxes; "" where it cannot."""
        leads = self.leads(pipe)
        one, other = map(self.place, leads)
        for kind, axis in (("level", 0), ("upright", 1)):
            low, high = shared(one, other, 1 - axis)
            if high - low >= LEAST:
                first, last = sorted((one[axis], one[axis + 2], other[axis], other[axis + 2]))[1:3]
                middle = (low + high) / 2
                way = ((first, middle), (last, middle)) if axis == 0 else ((middle, first), (middle, last))
                if not self.hits(way, leads):
                    return kind, frozenset(leads)
        return "", frozenset()

    def hits(self, way: Sequence[Point], ends: Iterable[str]) -> int:
        """How many other boxes a way runs through."""
        return sum(crosses(way, grown(box, CLEAR)) for name, box in self.boxes.items() if name not in ends)

    # Straight ones

    def side_by_side(self, kind: str, leads: frozenset[str], numbers: list[int]) -> None:
        """Arrows between the same two boxes: those that somebody causes on top, those of one direction together."""
        axis = 0 if kind == "level" else 1
        one, other = sorted(map(self.place, leads), key=lambda box: box[axis])
        pipes = self.diagram.pipes

        def forward(number: int) -> bool:
            source = self.place(self.leads(pipes[number])[0])
            return source[axis] == one[axis]

        order = sorted(numbers, key=lambda number: (not self.is_caused(number), not forward(number), number))
        low, high = shared(one, other, 1 - axis)
        step = min(LANE if kind == "level" else BESIDE, (high - low) / len(order))
        for place, number in enumerate(order):
            offset = ((len(order) - 1) / 2 - place) * step
            at = (low + high) / 2 + (offset - 12 if kind == "level" else -offset - (0.6 * BESIDE if len(order) > 1 else 0))
            source, destination = (self.place(name or "") for name in (pipes[number].source, pipes[number].destination))
            ends = (source[axis + 2], destination[axis]) if forward(number) else (source[axis], destination[axis + 2])
            points = tuple((end, at) if axis == 0 else (at, end) for end in ends)
            side = -1 if len(order) > 1 and place < len(order) / 2 else 1
            self.made[number] = Route(pipes[number], points, kind, side)

    def is_caused(self, number: int) -> bool:
        return any(flow in self.caused for flow in self.diagram.pipes[number].flows)

    # The others

    def around(self, pipe: Pipe) -> Route:
        """The way that meets the fewest boxes and arrows, and of those the simplest."""
        leads = self.leads(pipe)
        source, destination = self.place(pipe.source or ""), self.place(pipe.destination or "")
        ways = [*slanting(source, destination), *bent(source, destination, self.place(leads[0]), self.place(leads[1]))]
        drawn = [route.points for route in self.made.values()]

        def cost(numbered: tuple[int, tuple[str, tuple[Point, ...]]]) -> tuple[int, int, int]:
            place, (_, way) = numbered
            return self.hits(way, leads), sum(meet(way, other) for other in drawn), place

        _, (kind, points) = min(enumerate(ways), key=cost)
        return Route(pipe, points, kind)

    def stubs(self, numbers: list[int]) -> None:
        """From and to outside: in from the left and out to the right, several of them below one another."""
        groups: dict[tuple[str, bool], list[int]] = {}
        for number in numbers:
            pipe = self.diagram.pipes[number]
            groups.setdefault((pipe.source or pipe.destination or "", pipe.source is None), []).append(number)
        for (name, comes), unsorted in groups.items():
            members = sorted(unsorted, key=lambda number: not self.is_caused(number))
            left, low, right, high = self.place(name)
            step = min(LANE, (high - low) / len(members))
            for place, number in enumerate(members):
                pipe = self.diagram.pipes[number]
                y = (low + high) / 2 + ((len(members) - 1) / 2 - place) * step
                length = self.sizes.stub(pipe, len(members))
                edge, side = (left, -1) if comes else (right, 1)
                rim = self.rim(name, edge, side)
                points = ((edge, y), *(((rim, y),) if rim != edge else ()), (rim + side * length, y))
                if name in self.outlines or self.taken(points, name):
                    x = (left + right) / 2 + (place + 1) * BESIDE / 2 * (-1 if comes else 1)
                    down = ((x, low - 56), (x, low)) if comes else ((x, low), (x, low - 56))
                    self.made[number] = Route(pipe, down, "hanging", -1 if comes else 1)
                else:
                    self.made[number] = Route(pipe, points[::-1] if comes else points, "stub" if len(members) == 1 else "stubs", side)

    def rim(self, name: str, edge: float, side: int) -> float:
        """The edge of the outline that a box stands at, or else its own."""
        around = (self.outlines[group][0 if side < 0 else 2] for group, members in self.members.items() if name in members)
        return next((rim for rim in around if abs(rim - edge) <= PAD), edge)

    def taken(self, way: Sequence[Point], name: str) -> bool:
        return self.hits(way, (name, *self.members.get(name, ()))) > 0 or any(
            meet(way, route.points) for route in self.made.values() if route.kind not in {"stub", "stubs"}
        )


def slanting(source: Box, destination: Box) -> list[tuple[str, tuple[Point, ...]]]:
    """Straight from side to side, each end moved towards the other."""
    right = middle(destination)[0] > middle(source)[0]
    up = 1 if middle(destination)[1] > middle(source)[1] else -1
    start = (source[2] if right else source[0], middle(source)[1] + up * SHARE * (source[3] - source[1]))
    end = (destination[0] if right else destination[2], middle(destination)[1] - up * SHARE * (destination[3] - destination[1]))
    forward = (end[0] - start[0]) * (1 if right else -1)
    return [("slanting", (start, end))] if forward > 40 else []


def bent(source: Box, destination: Box, first: Box, last: Box) -> list[tuple[str, tuple[Point, ...]]]:
    """Around one corner, or over or under everything between; ends stand where the boxes ``first`` and ``last`` do."""
    (x, y), (to_x, to_y) = middle(first), middle(last)
    side = source[2] if to_x > x else source[0]
    up = to_y > y
    ways: list[tuple[str, tuple[Point, ...]]] = []
    if not source[0] < to_x < source[2] and abs(to_y - y) > HIGH:
        ways.append(("bent", ((side, y), (to_x, y), (to_x, destination[1] if up else destination[3]))))
    if not destination[0] < x < destination[2] and abs(to_y - y) > HIGH:
        ways.append(("bent", ((x, source[3] if up else source[1]), (x, to_y), (destination[0] if x < to_x else destination[2], to_y))))
    shift = SHARE * WIDE / 2 * (1 if to_x > x else -1)
    over, under = max(source[3], destination[3]) + OVER, min(source[1], destination[1]) - OVER
    ways.append(("bent", ((x + shift, source[3]), (x + shift, over), (to_x - shift, over), (to_x - shift, destination[3]))))
    ways.append(("bent", ((x + shift, source[1]), (x + shift, under), (to_x - shift, under), (to_x - shift, destination[1]))))
    return ways


def middle(box: Box) -> Point:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def apart(one: Box, other: Box) -> tuple[bool, float]:
    """How far two boxes are from each other: those in one row or column are nearer than any that are not."""
    (x, y), (to_x, to_y) = middle(one), middle(other)
    beside = any(high - low >= LEAST for low, high in (shared(one, other, 0), shared(one, other, 1)))
    return not beside, abs(to_x - x) + abs(to_y - y)


def shared(one: Box, other: Box, axis: int) -> tuple[float, float]:
    """What two boxes have in common along an axis; less than nothing where they stand apart."""
    return max(one[axis], other[axis]), min(one[axis + 2], other[axis + 2])


def meet(way: Sequence[Point], other: Sequence[Point]) -> bool:
    """Whether two ways cross or touch."""
    return any(cut(*stretch, *another) for stretch in pairwise(way) for another in pairwise(other))


def cut(start: Point, end: Point, other_start: Point, other_end: Point) -> bool:
    def turn(one: Point, two: Point, three: Point) -> float:
        return (two[0] - one[0]) * (three[1] - one[1]) - (two[1] - one[1]) * (three[0] - one[0])

    before = turn(start, end, other_start) * turn(start, end, other_end)
    after = turn(other_start, other_end, start) * turn(other_start, other_end, end)
    return before <= 0 and after <= 0 and (before < 0 or after < 0)
