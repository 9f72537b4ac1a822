"""Drawing a journey map: stages as columns, what their time is spent on, who is lost, and a table of the handoffs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.patches import Ellipse, FancyBboxPatch, Polygon, Rectangle

from flywheel_sim.charts.chart import Style
from flywheel_sim.charts.drawing.page import HEIGHT, INK, MARGIN, PALE, QUIET, WIDTH, Page, leading, own_look
from flywheel_sim.charts.drawing.place import fitted
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from flywheel_sim.charts.chart import JourneyMapChart, Mark, Stage
    from flywheel_sim.charts.drawing.place import Box

__all__ = ["draw_journey_map"]

BLUE, PALE_BLUE, RED, TRACK, RULE = "#0072B2", "#E8F1F8", "#B84F00", "#ECEEF0", "#8A9096"
WIDEST_COLUMN = 540  # pixels
GUTTER = 166  # left of the stages, for what their rows are
TITLES = (14, 13, 12, 11, 10, 9, 8, 7)
ROW, NOTE = 12.0, 10.0
HEADER, LANE = 70.0, 54.0  # heights: of the titles of stages, of the handoffs between them
GAP = 14.0  # between the titles of two stages
TABLE_ROWS = {1: 44.0, 2: 44.0, 3: 44.0, 4: 38.0, 5: 34.0}  # by number of handoffs; 29 for more
SMALLEST_ROW = 29.0


class Grid(Record):
    """Where the columns of a map are.

    Attributes:
        left: where the first begins.
        width: of each.
        count: how many.
    """

    left: float
    width: float
    count: int

    def middle(self, number: int) -> float:
        """Of one column."""
        return self.left + (number + 0.5) * self.width

    def end(self, number: int) -> float:
        """Of one column, where the next begins."""
        return self.left + (number + 1) * self.width


def draw_journey_map(chart: JourneyMapChart) -> Figure:
    """A journey map as a figure."""
    with own_look():
        page = Page()
        high, low = page.head(chart) - 30, page.foot(chart) + 26
        low = write_table(page, chart, low)
        room = WIDTH - 2 * MARGIN - GUTTER
        width = min(room / max(len(chart.stages), 1), WIDEST_COLUMN)
        grid = Grid(MARGIN + GUTTER, width, len(chart.stages))
        write_titles(page, grid, chart.stages, high)
        lane = high - HEADER - LANE / 2 if chart.marks else high - HEADER
        low = write_strips(page, grid, chart.stages, low)
        top = lane - (LANE / 2 if chart.marks else 16)
        write_key(page, chart, (low, top))
        draw_bars(page, grid, chart, (low, top))
        page.stroke((grid.left, low), (grid.end(grid.count - 1), low), Style(RULE, ()), 0.9)
        place_marks(page, grid, chart, lane, low)
        return page.figure


def add(page: Page, patch: Patch, name: str = "") -> None:
    """Something drawn, with a name by which a drawing can be searched."""
    patch.set_transform(page.figure.transFigure)
    patch.set_gid(name)
    page.figure.add_artist(patch)


def box(page: Page, place: Box, fill: str, name: str = "", *, edge: str = "none", hatch: str = "", depth: float = 1.0) -> None:
    """A rectangle, in pixels."""
    left, low, right, high = place
    corner, across, up = (left / WIDTH, low / HEIGHT), (right - left) / WIDTH, (high - low) / HEIGHT
    add(page, Rectangle(corner, across, up, facecolor=fill, edgecolor=edge, hatch=hatch, linewidth=1.2, zorder=depth), name)


# Stages


def write_titles(page: Page, grid: Grid, stages: Sequence[Stage], high: float) -> None:
    """The names of the stages in boxes from left to right, all at one size."""
    room = grid.width - GAP - 16
    for size in TITLES:
        lines = [fitted(stage.title, room, (size,), 2, page.bold_width)[1] for stage in stages]
        whole = all(" ".join(line) == stage.title for line, stage in zip(lines, stages, strict=True))
        if whole and max(map(len, lines), default=0) * leading(size) < HEADER:
            break
    for number, line in enumerate(lines):
        left, right = grid.middle(number) - grid.width / 2 + GAP / 2, grid.middle(number) + grid.width / 2 - GAP / 2
        shape = FancyBboxPatch(
            (left / WIDTH, (high - HEADER) / HEIGHT),
            (right - left) / WIDTH,
            HEADER / HEIGHT,
            boxstyle=f"round,pad=0,rounding_size={8 / WIDTH}",
            mutation_aspect=WIDTH / HEIGHT,
            edgecolor=BLUE,
            facecolor=PALE_BLUE,
            linewidth=1.4,
        )
        add(page, shape, f"stage {stages[number].name}")
        for place, text in enumerate(line):
            y = high - HEADER / 2 + ((len(line) - 1) / 2 - place) * leading(size)
            page.beside(grid.middle(number), y, text, size, bold=True, align="center")


def write_strips(page: Page, grid: Grid, stages: Sequence[Stage], low: float) -> float:
    """Below the bars: how many came, and the share that was lost; returns where the bars begin."""
    size = min(
        (
            fitted(text, grid.width - 12, (ROW, 11, 10, 9, 8), 1, page.bold_width)[0]
            for stage in stages
            for text in (stage.came, stage.loses)
        ),
        default=ROW,
    )
    lost = low + 0.5 * leading(ROW) + 12
    came = lost + leading(ROW) + 18
    for y, text in ((came, "Accounts in"), (lost, "Lost")):
        page.beside(MARGIN, y, text, ROW, colour=QUIET)
    for number, stage in enumerate(stages):
        x = grid.middle(number)
        page.beside(x, came, stage.came, size, bold=True, align="center")
        page.beside(x, lost, stage.loses, size, bold=stage.lost > 0, colour=RED if stage.lost > 0 else PALE, align="center")
        left, right = x - 0.36 * grid.width, x + 0.36 * grid.width
        under = lost - 0.5 * leading(ROW) - 8
        if math.isfinite(stage.lost):
            box(page, (left, under, right, under + 8), TRACK, f"left {stage.name}")
            reach = left + (right - left) * min(max(stage.lost, 0.0), 1.0)
            box(page, (left, under, reach, under + 8), RED, f"lost {stage.name}", depth=1.1)
    return came + 0.5 * leading(ROW) + 14


def write_key(page: Page, chart: JourneyMapChart, between: tuple[float, float]) -> None:
    """Left of the bars, what they measure and what their parts are."""
    room = GUTTER - 14
    size, lines = fitted(chart.time_label, room, (ROW, 11, 10), 2, page.width)
    waits = any(stage.waits for stage in chart.stages)
    samples = (("white", "////", "waiting"), (BLUE, "", "the rest")) if waits else ()
    y = (sum(between) + len(lines) * leading(size) + len(samples) * leading(NOTE)) / 2
    y = page.lines(MARGIN, y, lines, size, colour=QUIET) - 6
    for fill, hatch, text in samples:
        y -= leading(NOTE)
        box(page, (MARGIN, y, MARGIN + 24, y + 18), fill, edge=BLUE, hatch=hatch)
        page.beside(MARGIN + 34, y + 9, text, NOTE, colour=QUIET)


def draw_bars(page: Page, grid: Grid, chart: JourneyMapChart, between: tuple[float, float]) -> None:
    """The time in every stage: what is waited on top of the rest, hatched; torn where it is longer than the scale."""
    room = grid.width - 14
    size = min((fitted(stage.label, room, (14, 13, ROW, 11, 10, 9, 8), 1, page.bold_width)[0] for stage in chart.stages), default=ROW)
    small = min((fitted(stage.waits, room, (NOTE, 9, 8, 7), 1, page.width)[0] for stage in chart.stages), default=NOTE)
    low, top = between
    above = leading(small) if any(stage.waits for stage in chart.stages) else 0.0
    tallest = top - low - leading(size) - above - 8
    half = min(0.2 * grid.width, 48.0)
    for number, stage in enumerate(chart.stages):
        x, y = grid.middle(number), low + 6
        known = math.isfinite(stage.time)
        if known:
            height = tallest * min(stage.time / chart.longest, 1.0)
            waited = stage.waited if math.isfinite(stage.waited) else 0.0
            rest = height * (1 - min(max(waited / stage.time, 0.0), 1.0)) if stage.time > 0 else 0.0
            box(page, (x - half, low, x + half, low + rest), BLUE, f"rest {stage.name}", edge=BLUE)
            if rest < height:
                over = (x - half, low + rest, x + half, low + height)
                box(page, over, "white", f"waited {stage.name}", edge=BLUE, hatch="////")
            if stage.time > chart.longest:
                tear(page, x, half + 4, low + 0.72 * height, f"torn {stage.name}")
            y += height
        if stage.waits:
            page.beside(x, y + 0.5 * leading(small), stage.waits, small, colour=QUIET, align="center")
            y += leading(small)
        _, (label, *_) = fitted(stage.label, room, (size,), 1, page.bold_width)
        page.beside(x, y + 0.5 * leading(size), label, size, bold=known, colour=INK if known else PALE, align="center")


def tear(page: Page, x: float, half: float, y: float, name: str) -> None:
    """A white gap with ragged edges across a bar that is longer than it is drawn."""
    steps = 6
    edge = [(x - half + 2 * half * step / steps, y + (7 if step % 2 else -7)) for step in range(steps + 1)]
    points = [*edge, *((across, up + 12) for across, up in reversed(edge))]
    corners = [(across / WIDTH, up / HEIGHT) for across, up in points]
    add(page, Polygon(corners, closed=True, facecolor="white", linewidth=0, zorder=2), name)


# Handoffs


def place_marks(page: Page, grid: Grid, chart: JourneyMapChart, y: float, low: float) -> None:
    """A round mark for each handoff at the end of every stage where it bites, with a line down along it."""
    numbers = {stage.name: number for number, stage in enumerate(chart.stages)}
    at: dict[int, list[Mark]] = {}
    for mark in chart.marks:
        for name in dict.fromkeys(mark.stages):
            if name in numbers:
                at.setdefault(numbers[name], []).append(mark)
    if chart.marks:
        page.beside(MARGIN, y, "Handoffs", ROW, colour=QUIET)
    for number, marks in at.items():
        x = grid.end(number)
        step = min(48.0, 0.9 * grid.width / len(marks))
        page.stroke((x, low), (x, y - 22), Style(RED, (1.5, 2.5)), 1.0)
        for place, mark in enumerate(marks):
            draw_mark(page, mark, x + (place - (len(marks) - 1) / 2) * step, y, min(step - 4, 42))


def draw_mark(page: Page, mark: Mark, x: float, y: float, across: float) -> None:
    """A disc with a tag: full where what removing it brings is certain."""
    fill, ink = (RED, "white") if mark.certain else ("white", RED)
    disc = Ellipse((x / WIDTH, y / HEIGHT), across / WIDTH, across / HEIGHT, facecolor=fill, edgecolor=RED, linewidth=1.6, zorder=3)
    add(page, disc, f"handoff {mark.tag}")
    size, (tag, *_) = fitted(mark.tag, across - 8, (11, 10, 9, 8, 7, 6, 5), 1, page.bold_width)
    page.beside(x, y, tag, size, bold=True, colour=ink, align="center").set_zorder(4)


def write_table(page: Page, chart: JourneyMapChart, low: float) -> float:
    """A row for each handoff: what it loses, and what removing it brings, with its error; returns where it begins."""
    if not chart.marks:
        return low
    row = TABLE_ROWS.get(len(chart.marks), SMALLEST_ROW)
    size = 12.0 if row > 36 else 10.0 if row > 30 else 9.0
    top = low + row * len(chart.marks)
    left, right = WIDTH * 0.53, WIDTH * 0.82
    ends = [(mark.gain - 2 * error_of(mark), mark.gain + 2 * error_of(mark)) for mark in chart.marks if math.isfinite(mark.gain)]
    lowest, highest = min([0.0, *(end[0] for end in ends)]), max([0.0, *(end[1] for end in ends)])
    scale = (right - left) / ((highest - lowest) or 1.0)

    def at(value: float) -> float:
        return left + scale * (value - lowest)

    fit, (label, *_) = fitted(chart.gain_label, WIDTH - MARGIN - left, (size, 11, 10, 9, 8), 1, page.width)
    page.beside(left, top + 0.6 * leading(size), label, fit, colour=QUIET)
    page.stroke((at(0.0), low), (at(0.0), top), Style(RULE, ()), 1.0)
    losses = max(page.width(mark.lost, size) for mark in chart.marks)
    for number, mark in enumerate(chart.marks):
        y = top - (number + 0.5) * row
        draw_mark(page, mark, MARGIN + 21, y, min(row - 4, 38))
        fit, (name, *_) = fitted(mark.title, left - 40 - losses - 40 - MARGIN - 56, (size, 11, 10, 9, 8), 1, page.bold_width)
        page.beside(MARGIN + 56, y, name, fit, bold=True, colour=INK)
        page.beside(left - 40, y, mark.lost, size, colour=QUIET, align="right")
        if math.isfinite(mark.gain):
            error = error_of(mark)
            page.stroke((at(mark.gain - 2 * error), y), (at(mark.gain + 2 * error), y), Style(RED, ()), 2.2)
            fill = RED if mark.certain else "white"
            dot = (at(mark.gain) / WIDTH, y / HEIGHT), 15 / WIDTH, 15 / HEIGHT
            add(page, Ellipse(*dot, facecolor=fill, edgecolor=RED, linewidth=1.6, zorder=3), f"gain {mark.tag}")
        fit, (gain, *_) = fitted(mark.label, WIDTH - MARGIN - right - 30, (size, 11, 10, 9, 8), 1, page.bold_width)
        page.beside(right + 30, y, gain, fit, bold=mark.certain, colour=INK if mark.certain else QUIET)
    return top + 1.2 * leading(size) + 22


def error_of(mark: Mark) -> float:
    return mark.error if math.isfinite(mark.error) else 0.0
