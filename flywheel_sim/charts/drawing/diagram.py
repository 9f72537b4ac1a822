"""Drawing a diagram."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Polygon

from flywheel_sim.charts.drawing.page import HEIGHT, INK, MARGIN, PALE, PIXELS, QUIET, WIDTH, Page, leading, own_look
from flywheel_sim.charts.drawing.place import crosses, fitted, overlap
from flywheel_sim.charts.drawing.route import Sizes, routed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from flywheel_sim.charts.diagram import Diagram, Influence, LoopNote, Pipe
    from flywheel_sim.charts.drawing.place import Box, Point
    from flywheel_sim.charts.drawing.route import Placed, Route

__all__ = ["draw_diagram"]

NAME, VALUE, SMALL_NAME, LABEL, STUB = 12.5, 13.0, 10.5, 10.5, 9.5  # sizes of text at scale 1, in points
LEGEND = 9.5
LARGEST = 1.7  # scale of a small diagram
BOX_EDGE, BOX_FILL, PIPE = "#0072B2", "#E8F1F8", "#8FBCDD"
OTHER_EDGE, OTHER_FILL, OTHER_PIPE = "#A9AEB3", "#F4F5F6", "#B4B9BE"
LOOP = "#B84F00"
SHARES = (0.5, 0.46, 0.54, 0.42, 0.58, 0.38, 0.62, 0.34, 0.66, 0.3, 0.7, 0.26, 0.74)  # of an arrow, where its label may stand
THINNEST, WIDEST = 2.5, 14.0  # arrows, in pixels
GREATEST_SCALE_OF_STROKES = 1.2


def draw_diagram(chart: Diagram) -> Figure:
    """A diagram as a figure."""
    with own_look():
        page = Page()
        high, low = page.head(chart) - 22, page.foot(chart) + 16
        low = write_legend(page, chart.loops, low) + 26
        along = Sizes(lambda pipe: text_width(page, *said(pipe), LABEL) + 34, lambda pipe, count: stub_length(page, pipe, count))
        placed = routed(chart, along)
        Drawing(page, chart, placed, (MARGIN, low, WIDTH - MARGIN, high)).draw()
        return page.figure


def said(pipe: Pipe) -> tuple[str, str]:
    """The label of an arrow, and its tags."""
    return f"{pipe.title} {pipe.label}".strip(), " ".join(pipe.tags)


def text_width(page: Page, text: str, tags: str, size: float) -> float:
    return page.width(f"{text} ", size) + page.bold_width(tags, size) if tags else page.width(text, size)


def stub_length(page: Page, pipe: Pipe, count: int) -> float:
    if count > 1:  # no room for two lines
        return text_width(page, *said(pipe), STUB) + 26
    names = page.width(pipe.title, STUB)
    return max(60.0, names + 22, text_width(page, pipe.label, " ".join(pipe.tags), STUB) + 22)


def write_legend(page: Page, loops: Sequence[LoopNote], low: float) -> float:
    """Loops and frictions in two columns, the first down the left one; returns where they begin."""
    if not loops:
        return low
    rows = math.ceil(len(loops) / 2)
    room = (WIDTH - 2 * MARGIN - 36) / 2
    top = low + rows * leading(LEGEND)
    for number, loop in enumerate(loops):
        column, row = divmod(number, rows)
        x, y = MARGIN + column * (room + 36), top - (row + 0.5) * leading(LEGEND)
        off = loop.runs is False
        colour = PALE if off or loop.kind != "reinforcing" else LOOP
        tag = f"{loop.tag} {loop.title}{' (off)' if off else ''}"
        page.beside(x, y, tag, LEGEND, bold=True, colour=colour)
        start = page.bold_width(tag, LEGEND) + 12
        _, (note, *_) = fitted(loop.note, room - start, (LEGEND,), 1, page.width)
        if loop.note:
            page.beside(x + start, y, note, LEGEND, colour=PALE if off else QUIET)
    return top


class Drawing:
    """A diagram on its page, all places scaled into an area."""

    def __init__(self, page: Page, chart: Diagram, placed: Placed, area: Box) -> None:
        self.page, self.chart, self.placed = page, chart, placed
        self.labels: list[Box] = []
        self.most = {pipe.unit: max(one.rate for one in chart.pipes if one.unit == pipe.unit) for pipe in chart.pipes}
        left, low, right, high = self.extent()
        self.scale = min((area[2] - area[0]) / (right - left), (area[3] - area[1]) / (high - low), LARGEST)
        self.shift = (
            (area[0] + area[2]) / 2 - self.scale * (left + right) / 2,
            (area[1] + area[3]) / 2 - self.scale * (low + high) / 2,
        )
        self.strokes = min(self.scale, GREATEST_SCALE_OF_STROKES)

    def extent(self) -> Box:
        """What the drawing takes, labels included, before it is scaled."""
        points = [point for route in self.placed.routes for point in route.points]
        for influence in self.chart.influences:
            way = self.way_of(influence)
            x, y = halfway(way)
            half = self.page.bold_width(named(influence), NAME) / 2 + 6
            points += [*way, (x - half, y), (x + half, y + 40)]
        for left, low, right, high in (*self.placed.boxes.values(), *self.placed.outlines.values()):
            points += [(left, low), (right, high)]
        for route in self.placed.routes:
            (x, y), width = self.label_at(route), text_width(self.page, *said(route.pipe), LABEL)
            if route.kind in {"upright", "hanging"}:
                points += [(x + route.side * (width + 14), y)]
            points += [(x, y + 34), (x, y - 14)]
        xs, ys = zip(*points, strict=True)
        return min(xs) - 2, min(ys) - 2, max(xs) + 2, max(ys) + 2

    def at(self, point: Point) -> Point:
        return self.shift[0] + self.scale * point[0], self.shift[1] + self.scale * point[1]

    def draw(self) -> None:
        for outline in self.chart.outlines:
            self.outline(self.placed.outlines[outline.name], outline.title, outline.label)
        for route in self.placed.routes:
            self.pipe(route)
        last = ("upright", "hanging", "slanting")  # their labels can move out of the way
        for route in sorted(self.placed.routes, key=lambda route: last.index(route.kind) if route.kind in last else -1):
            self.label(route)
        for influence in self.chart.influences:
            self.influence(influence)
        for box in self.chart.boxes:
            place = self.placed.boxes[box.name]
            look = (BOX_EDGE, BOX_FILL) if box.counted else (OTHER_EDGE, OTHER_FILL)
            self.rectangle(place, *look, 2.2 if box.counted else 1.2, f"box {box.name}", 3)
            self.in_box(place, box.title, box.label, counted=box.counted)

    # Boxes and outlines

    def rectangle(self, place: Box, edge: str, fill: str, width: float, name: str, depth: float, dash: tuple[float, ...] = ()) -> None:
        (left, low), (right, high) = self.at(place[:2]), self.at(place[2:])
        shape = FancyBboxPatch(
            (left / WIDTH, low / HEIGHT),
            (right - left) / WIDTH,
            (high - low) / HEIGHT,
            boxstyle=f"round,pad=0,rounding_size={8 * self.scale / WIDTH}",
            mutation_aspect=WIDTH / HEIGHT,
            edgecolor=edge,
            facecolor=fill,
            linewidth=width * self.strokes / 1.2,
            linestyle=(0, dash) if dash else "-",
            transform=self.page.figure.transFigure,
            zorder=depth,
        )
        shape.set_gid(name)
        self.page.figure.add_artist(shape)

    def in_box(self, place: Box, name: str, value: str, *, counted: bool) -> None:
        """Name and value, one above the other, in the middle."""
        x, y = self.at(((place[0] + place[2]) / 2, (place[1] + place[3]) / 2))
        size = (NAME if counted else SMALL_NAME) * self.scale
        room = (place[2] - place[0] - 14) * self.scale
        half = 0.65 * size * PIXELS
        for text, height, bold in ((name, y + half, True), (value, y - half, False)):
            smaller = (size, 0.9 * size, 0.8 * size, 0.7 * size)
            measure = self.page.bold_width if bold else self.page.width
            fit, (line, *_) = fitted(text, room, smaller, 1, measure)
            self.page.beside(x, height, line, fit, bold=bold, colour=INK if counted else QUIET, align="center")

    def outline(self, place: Box, title: str, value: str) -> None:
        self.rectangle(place, BOX_EDGE, "none", 1.3, f"outline {title}", 0.5, (4.0, 3.0))
        x, y = self.at((place[0] + 14, place[1] + 20))
        size = NAME * self.scale
        self.page.beside(x, y, title, size, bold=True, colour=BOX_EDGE)
        self.page.beside(x + self.page.bold_width(f"{title} ", size), y, value, size, colour=BOX_EDGE)

    # Arrows

    def width_of(self, pipe: Pipe) -> float:
        """By the root of the rate: rates far apart all show."""
        if not pipe.counted:
            return THINNEST
        most = self.most[pipe.unit]
        share = pipe.rate / most if most > 0 and math.isfinite(pipe.rate) else 0.0
        return max(THINNEST, WIDEST * math.sqrt(max(share, 0.0)))

    def pipe(self, route: Route) -> None:
        pipe = route.pipe
        still = not abs(pipe.rate) > 0
        colour = PIPE if pipe.counted else OTHER_PIPE
        points = list(map(self.at, route.points))
        if route.kind in {"stub", "stubs", "hanging"}:
            self.cloud(points[0] if pipe.source is None else points[-1], outward=pipe.source is not None)
            points = shortened(points, 9 * self.scale, at_start=pipe.source is None)
        self.arrow(points, self.width_of(pipe) * self.strokes, colour, (2.0, 2.0) if still else ())

    def cloud(self, point: Point, *, outward: bool) -> None:
        """The outside: an open ring."""
        radius = 6 * self.scale
        steps = [
            (point[0] + radius * math.cos(angle * math.pi / 12), point[1] + radius * math.sin(angle * math.pi / 12)) for angle in range(24)
        ]
        self.shape(steps, "white", OTHER_EDGE, "outward" if outward else "inward")

    def shape(self, points: Sequence[Point], fill: str, edge: str, name: str = "", depth: float = 1.6) -> None:
        made = Polygon(
            [(x / WIDTH, y / HEIGHT) for x, y in points],
            closed=True,
            facecolor=fill,
            edgecolor=edge,
            linewidth=0 if fill == edge else 1.2,
            transform=self.page.figure.transFigure,
            zorder=depth,
        )
        made.set_gid(name)
        self.page.figure.add_artist(made)

    def arrow(self, points: list[Point], width: float, colour: str, dash: tuple[float, ...] = (), depth: float = 1.0) -> None:
        """A line that ends in a head."""
        (x, y), end = points[-2], points[-1]
        length = math.dist((x, y), end)
        ahead = ((end[0] - x) / length, (end[1] - y) / length)
        head = min(max(13.0, 1.15 * width), 0.6 * length)
        half = max(7.0, 0.95 * width)
        back = (end[0] - head * ahead[0], end[1] - head * ahead[1])
        line = [*points[:-1], (back[0] + ahead[0], back[1] + ahead[1])]
        self.page.figure.add_artist(
            Line2D(
                [x / WIDTH for x, _ in line],
                [y / HEIGHT for _, y in line],
                color=colour,
                linewidth=width / PIXELS,
                linestyle=(0, dash) if dash else "-",
                solid_capstyle="butt",
                solid_joinstyle="round",
                zorder=depth,
            )
        )
        wings = [(back[0] + sign * half * ahead[1], back[1] - sign * half * ahead[0]) for sign in (1, -1)]
        self.shape([end, *wings], colour, colour, depth=depth)

    # Labels

    def label_at(self, route: Route, share: float = 0.5) -> Point:
        """A place on the longest stretch of an arrow, before scaling."""
        (x, y), (to_x, to_y) = max(pairwise(route.points), key=lambda stretch: math.dist(*stretch))
        return x + share * (to_x - x), y + share * (to_y - y)

    def label(self, route: Route) -> None:
        """Name and rate: above a level arrow, beside an upright one, on a slanting one, where they meet the least."""
        if route.kind == "stub":
            self.two_lines(route)
            return
        text, tags = said(route.pipe)
        grey = route.kind == "stubs"
        size = (STUB if grey else LABEL) * self.scale
        width, half = text_width(self.page, text, tags, size), 0.5 * size * PIXELS
        thick = self.width_of(route.pipe) * self.strokes / 2
        places = []
        for share in (0.5,) if grey else SHARES:
            x, y = self.at(self.label_at(route, share))
            if route.kind in {"upright", "hanging"}:
                places += [(x + side * (thick + 9 * self.scale + width / 2), y) for side in (route.side, -route.side)]
            else:
                places.append((x, y if route.kind == "slanting" else y + thick + 4 * self.scale + 0.3636 * size * PIXELS))

        outlines = self.placed.outlines.values()

        def hits(place: Point) -> int:
            x, y = place
            box = (x - width / 2 - 12, y - half, x + width / 2 + 12, y + half)
            rims = (((one[0], one[1]), (one[2], one[1]), (one[2], one[3]), (one[0], one[3]), (one[0], one[1])) for one in outlines)
            others = (list(map(self.at, way)) for way in (*rims, *(other.points for other in self.placed.routes if other is not route)))
            solid = [*self.labels, *((*self.at(place[:2]), *self.at(place[2:])) for place in self.placed.boxes.values())]
            return 3 * sum(overlap(box, other) for other in solid) + sum(crosses(way, box) for way in others)

        x, y = min(places, key=hits)
        self.labels.append((x - width / 2, y - half, x + width / 2, y + half))
        if route.kind == "slanting":
            self.plate(x, y, width, size)
        self.write(x, y, text, tags, size, QUIET if grey else INK)

    def two_lines(self, route: Route) -> None:
        """Name above and rate below an arrow from or to outside, for these are short."""
        x, y = self.at(self.label_at(route))
        size = STUB * self.scale
        rise = max(4 * self.scale, self.width_of(route.pipe) * self.strokes / 2) + 0.5 * size * PIXELS
        self.write(x, y + rise, route.pipe.title, "", size, QUIET)
        self.write(x, y - rise, route.pipe.label, " ".join(route.pipe.tags), size, QUIET)

    def plate(self, x: float, y: float, width: float, size: float) -> None:
        """White behind a label that stands on its arrow."""
        half = 0.62 * size * PIXELS
        left, right = x - width / 2 - 5, x + width / 2 + 5
        self.shape([(left, y - half), (right, y - half), (right, y + half), (left, y + half)], "white", "white", depth=1.2)

    def write(self, x: float, y: float, text: str, tags: str, size: float, colour: str) -> None:
        """A label around a place, its tags in the colour of loops."""
        left = x - text_width(self.page, text, tags, size) / 2
        if text:
            self.page.beside(left, y, text, size, colour=colour)
        if tags:
            start = left + (self.page.width(f"{text} ", size) if text else 0.0)
            self.page.beside(start, y, tags, size, bold=True, colour=LOOP if "R" in tags else QUIET)

    # Who causes what

    def way_of(self, influence: Influence) -> list[Point]:
        """From those who cause a flow to above its label: along their own height, or over the top of what is between."""
        route = next(route for route in self.placed.routes if influence.flow in route.pipe.flows)
        x, y = self.label_at(route)
        top = y + self.width_of(route.pipe) / 2 + 30
        left, low, right, high = {**self.placed.outlines, **self.placed.boxes}[influence.source]
        height = (low + high) / 2 + 0.3 * (high - low)
        if low > top + 10 and not left < x < right:
            return [(left if x < left else right, height), (x, height), (x, top)]
        over = max(high, top) + 40
        middle = (left + right) / 2
        return [(middle, high), (middle, over), (x, over), (x, top)]

    def influence(self, influence: Influence) -> None:
        """A dashed arrow with the name of its loop."""
        way = self.way_of(influence)
        colour = LOOP if influence.runs else PALE
        self.arrow(list(map(self.at, way)), (2.6 if influence.runs else 1.6) * self.strokes, colour, (4.0, 2.0), depth=2.0)
        x, y = self.at(halfway(way))
        size = NAME * self.scale
        rise = 8 * self.scale + 0.3636 * size * PIXELS
        self.page.beside(x, y + rise, named(influence), size, bold=True, colour=colour, align="center")


def named(influence: Influence) -> str:
    return f"{' '.join(influence.tags)} {influence.title}{'' if influence.runs else ' (off)'}"


def halfway(way: Sequence[Point]) -> Point:
    """The middle of the longest level stretch."""
    (x, y), (to_x, _) = max(pairwise(way), key=lambda stretch: abs(stretch[1][0] - stretch[0][0]))
    return (x + to_x) / 2, y


def shortened(points: list[Point], length: float, *, at_start: bool) -> list[Point]:
    """A line without the stretch that a ring at one of its ends covers."""
    (x, y), (to_x, to_y) = points[:2] if at_start else points[:-3:-1]
    whole = math.dist((x, y), (to_x, to_y))
    moved = x + (to_x - x) * length / whole, y + (to_y - y) * length / whole
    return [moved, *points[1:]] if at_start else [*points[:-1], moved]
