"""Drawing a fan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.charts.chart import Style
from flywheel_sim.charts.drawing.overlay import BESIDE, labelled_lines
from flywheel_sim.charts.drawing.page import Page, own_look, pattern

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from flywheel_sim.charts.chart import Band, Fan
    from flywheel_sim.charts.drawing.plot import Frame

__all__ = ["draw_fan"]

LIGHT, DARK = 0.13, 0.21  # how much of the colour: of the outer band, and of the inner one on top
STEP = 18  # from one bar at the end to the next, in pixels


def draw_fan(chart: Fan) -> Figure:
    """A fan as a figure."""
    with own_look():
        page = Page()
        frame, axes = labelled_lines(page, chart, chart.plot, BESIDE + STEP * len(chart.bands))
        for depth, band in enumerate(chart.bands):
            draw_band(axes, band, depth)
            draw_bar(page, frame, band, depth)
        return page.figure


def draw_band(axes: Axes, band: Band, depth: int) -> None:
    """Both bands of one strategy, below the lines; their edges have its dashes, so that they are told apart in grey."""
    lowest, low, _, high, highest = band.quantiles
    colour = band.style.colour
    for bottom, top, share, edge in ((lowest, highest, LIGHT, 1.1), (low, high, DARK, 0.7)):
        axes.fill_between(band.times, bottom, top, color=colour, alpha=share, linewidth=0, zorder=1.5 + depth / 100)
        for values in (bottom, top):
            dashes = pattern(band.style)
            axes.plot(band.times, values, color=colour, alpha=0.75, linestyle=dashes, linewidth=edge, zorder=2 + depth / 100)


def draw_bar(page: Page, frame: Frame, band: Band, depth: int) -> None:
    """The bands at the end once more, side by side where they lie over one another in the plot."""
    if band.times[-1] < frame.plot.across.high:
        return
    lowest, low, _, high, highest = (frame.at(band.times[-1], row[-1])[1] for row in band.quantiles)
    x = frame.place[2] + STEP * (depth + 1)
    style = Style(band.style.colour, ())
    if math.isfinite(lowest + highest):
        page.stroke((x, lowest), (x, highest), style, 1.6)
        page.stroke((x, low), (x, high), style, 5.0)
