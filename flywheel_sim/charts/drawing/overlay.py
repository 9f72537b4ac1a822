"""Drawing an overlay."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from flywheel_sim.charts.chart import Style
from flywheel_sim.charts.drawing.page import ASCENT, INK, MARGIN, PIXELS, QUIET, WIDTH, Page, leading, own_look
from flywheel_sim.charts.drawing.place import fitted, free_place, spread, wrapped
from flywheel_sim.charts.drawing.plot import Frame, Look, end_of, plotted, ring, tick_width
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from flywheel_sim.charts.chart import Chart, Crossing, Line, Overlay, Plot

__all__ = ["BESIDE", "draw_overlay", "labelled_lines"]

LOOK = Look(ticks=12, note=12, stroke=3.2, dot=7)
LABEL_SIZES = (16, 15, 14, 13, 12, 11, 10, 9, 8)
WIDEST_LABEL = 400  # pixels
BESIDE = 32  # from the end of the lines to their labels
NEAR = 6  # a label moved by less needs no line to where it belongs


class Label(Record):
    """The label of a line, measured and placed.

    Attributes:
        line: whose it is.
        text: line by line, and whether in bold.
        wanted: the height of the end of the line.
        centre: where it stands.
    """

    line: Line
    text: list[tuple[str, bool]]
    wanted: float
    centre: float


def draw_overlay(chart: Overlay) -> Figure:
    """An overlay as a figure."""
    with own_look():
        page = Page()
        frame, axes = labelled_lines(page, chart, chart.plot)
        crossing = chart.plot.crossing
        if crossing is not None:
            ring(axes, crossing.time, crossing.value)
            write_month(page, frame, crossing)
        return page.figure


def labelled_lines(page: Page, chart: Chart, plot: Plot, beside: float = BESIDE) -> tuple[Frame, Axes]:
    """The only plot of a chart, with a label at the end of each line; returns where it is.

    Args:
        page: to draw on.
        chart: for what stands around the plot.
        plot: to draw.
        beside: from the end of the lines to their labels, in pixels.
    """
    high, low = page.head(chart) - 36, page.foot(chart) + 30
    _, (measured, *_) = fitted(plot.up.label, WIDTH - 2 * MARGIN, (LOOK.ticks,), 1, page.width)
    high = page.lines(MARGIN, high, [measured], LOOK.ticks, colour=QUIET) - 18
    below, low = low, low + 2 * leading(LOOK.ticks) + 24
    size, labels = placed(page, Frame(plot, (0, low, WIDTH, high)))  # heights alone: the right edge depends on the labels
    column = max(page.width(text, size, bold=bold) for label in labels for text, bold in label.text)
    left, right = MARGIN + tick_width(page, plot.up, LOOK) + 16, WIDTH - MARGIN - column - beside
    frame = Frame(plot, (left, low, right, high))
    axes = plotted(page, frame, LOOK)
    page.write((left + right) / 2, below + 4, plot.across.label, LOOK.ticks, colour=QUIET, align="center")
    for label in labels:
        write_label(page, frame, label, size, beside)
    return frame, axes


def placed(page: Page, frame: Frame) -> tuple[float, list[Label]]:
    """Labels as large as there is room for, all of one size.

    The value stands below the name where no label has to move for that, and beside it otherwise.
    """
    _, low, _, high = frame.place
    lines = frame.plot.lines
    ends = [end_of(line) for line in lines]
    wanted = [low if end is None else frame.at(*end)[1] for end in ends]

    def at_ends(texts: list[list[tuple[str, bool]]], size: float) -> list[Label]:
        heights = [len(text) * leading(size) + 4 for text in texts]
        if sum(heights) > high - low + 40:
            return []
        centres = spread(wanted, heights, low - 20, high + 20)
        return [Label(*label) for label in zip(lines, texts, wanted, centres, strict=True)]

    for size in LABEL_SIZES:
        made = at_ends([[(line.name, True), (line.label, False)] for line in lines], size)
        narrow = all(max(page.bold_width(line.name, size), page.width(line.label, size)) <= WIDEST_LABEL for line in lines)
        if made and narrow and all(abs(label.centre - label.wanted) <= NEAR for label in made):
            return size, made
        texts = [wrapped(f"{line.name} {line.label}", WIDEST_LABEL, partial(page.bold_width, size=size)) for line in lines]
        made = at_ends([[(part, True) for part in parts] for parts in texts], size)
        if made and max(map(len, texts)) <= 3:
            return size, made
    size = LABEL_SIZES[-1]
    return size, at_ends([[(one_line(page, line, size), True)] for line in lines], size)  # room for the twenty that a scenario may have


def one_line(page: Page, line: Line, size: float) -> str:
    """Name and value, with the name cut where it is long."""
    _, (name, *_) = fitted(line.name, WIDEST_LABEL - page.bold_width(f" {line.label}", size), (size,), 1, page.bold_width)
    return f"{name} {line.label}"


def write_label(page: Page, frame: Frame, label: Label, size: float, beside: float) -> None:
    """A label right of the lines, joined to its line where it had to move or the line ends early."""
    _, _, right, _ = frame.place
    colour = label.line.style.colour
    top = label.centre + len(label.text) * leading(size) / 2
    for number, (text, bold) in enumerate(label.text):
        baseline = top - number * leading(size) - (ASCENT + 0.02) * size * PIXELS
        page.write(right + beside, baseline, text, size, bold=bold, colour=colour)
    end = end_of(label.line)
    if end is None:
        return
    x, y = frame.at(*end)
    if x < right - 1:
        page.stroke((x + 8, y), (right + 2, y), Style(colour, (1.0, 3.0)), 0.9)
    if abs(label.centre - label.wanted) > NEAR:
        page.stroke((right + beside - 23, y), (right + beside - 6, label.centre), Style(colour, ()), 0.9)


def write_month(page: Page, frame: Frame, crossing: Crossing) -> None:
    """The month of a crossing beside its ring, clear of the lines."""
    size = 15.0
    x, y = frame.at(crossing.time, crossing.value)
    lines = [frame.path(line) for line in frame.plot.lines]
    box = free_place((page.bold_width(crossing.label, size), size * PIXELS), (x, y), frame.place, lines)
    page.beside(box[0], (box[1] + box[3]) / 2, crossing.label, size, bold=True, colour=INK)
    nearest = min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])
    length = math.dist(nearest, (x, y))

    def along(distance: float) -> tuple[float, float]:
        return x + (nearest[0] - x) * distance / length, y + (nearest[1] - y) * distance / length

    if length > 24:
        page.stroke(along(15), along(length - 3), Style(QUIET, ()), 0.9)
