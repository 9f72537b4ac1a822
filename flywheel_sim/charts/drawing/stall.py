"""Drawing the chance of stalling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.charts.drawing.overlay import labelled_lines
from flywheel_sim.charts.drawing.page import Page, own_look, pattern

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from flywheel_sim.charts.chart import Range, StallChart

__all__ = ["draw_stall"]

SHADE = 0.16  # how much of the colour


def draw_stall(chart: StallChart) -> Figure:
    """The chance of stalling as a figure."""
    with own_look():
        page = Page()
        _, axes = labelled_lines(page, chart, chart.plot)
        for depth, one in enumerate(chart.ranges):
            draw_range(axes, one, depth)
        return page.figure


def draw_range(axes: Axes, one: Range, depth: int) -> None:
    """The interval of one strategy, below the lines; its edges have its dashes, so that it is told apart in grey."""
    colour = one.style.colour
    axes.fill_between(one.times, one.low, one.high, color=colour, alpha=SHADE, linewidth=0, zorder=1.5 + depth / 100)
    for values in (one.low, one.high):
        axes.plot(one.times, values, color=colour, alpha=0.7, linestyle=pattern(one.style), linewidth=0.8, zorder=2 + depth / 100)
