"""Rows of bars beside their names, over one axis that runs from left to right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from flywheel_sim.charts.drawing.journey_map import add
from flywheel_sim.charts.drawing.page import GRID, HEIGHT, MARGIN, QUIET, WIDTH, Page, leading
from flywheel_sim.charts.drawing.place import fitted
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flywheel_sim.charts.chart import Axis
    from flywheel_sim.charts.drawing.place import Box, Point

__all__ = ["TALLEST", "Rows", "draw_grid", "rows_in", "shape", "text_size"]

TICKS = 12.0  # size of the labels of the axis, in points
TALLEST = 140.0  # a row, in pixels
RULE = "#8A9096"


class Rows(Record):
    """Where rows and values are.

    Attributes:
        axis: from left to right.
        place: of the bars, in pixels.
        count: of rows.
    """

    axis: Axis
    place: Box
    count: int

    @property
    def height(self) -> float:
        """Of each row, in pixels."""
        return (self.place[3] - self.place[1]) / max(self.count, 1)

    def centre(self, number: int) -> float:
        """The height of the middle of a row; 0 is the uppermost."""
        return self.place[3] - (number + 0.5) * self.height

    def at(self, value: float) -> float:
        """Where a value is; at the edge where it is beyond."""
        left, _, right, _ = self.place
        share = (value - self.axis.low) / (self.axis.high - self.axis.low)
        return left + min(max(share, 0.0), 1.0) * (right - left)


def rows_in(axis: Axis, area: Box, count: int) -> Rows:
    """Rows in an area, from its top, none of them too tall; the axis takes what it needs below."""
    left, low, right, high = area
    low += 2 * leading(TICKS) + 20
    return Rows(axis, (left, max(low, high - count * TALLEST), right, high), count)


def draw_grid(page: Page, rows: Rows) -> None:
    """Upright lines at the ticks, with their labels and what the axis measures below."""
    left, low, right, high = rows.place
    below = low - 14 - 0.5 * leading(TICKS)
    taken = -math.inf
    for tick, label in zip(rows.axis.ticks, rows.axis.tick_labels, strict=True):
        x = rows.at(tick)
        rule = Line2D([x / WIDTH, x / WIDTH], [low / HEIGHT, high / HEIGHT], color=RULE if tick == 0 else GRID, linewidth=0.9, zorder=0.5)
        page.figure.add_artist(rule)  # below the bars
        width = page.width(label, TICKS)
        if x - width / 2 > taken + 12:  # labels of long numbers would touch
            page.beside(x, below, label, TICKS, colour=QUIET, align="center")
            taken = x + width / 2
    size, (text, *_) = fitted(rows.axis.label, WIDTH - 2 * MARGIN, (TICKS, 11, 10, 9, 8), 1, page.width)
    half = page.width(text, size) / 2
    middle = min(max((left + right) / 2, MARGIN + half), WIDTH - MARGIN - half)
    page.beside(middle, below - leading(TICKS), text, size, colour=QUIET, align="center")


def text_size(page: Page, texts: Sequence[str], room: float, sizes: Sequence[float], *, bold: bool = False) -> float:
    """The largest size at which every one of some texts goes into a line; the smallest where none is small enough."""
    measure = page.bold_width if bold else page.width
    return next((size for size in sizes if all(measure(text, size) <= room for text in texts)), sizes[-1])


def shape(page: Page, points: Sequence[Point], fill: str, name: str, *, edge: str = "none", hatch: str = "", depth: float = 1.0) -> None:
    """A closed shape, its points in pixels, with a name by which a drawing can be searched."""
    corners = [(across / WIDTH, up / HEIGHT) for across, up in points]
    add(page, Polygon(corners, closed=True, facecolor=fill, edgecolor=edge, hatch=hatch, linewidth=1.2, zorder=depth), name)
