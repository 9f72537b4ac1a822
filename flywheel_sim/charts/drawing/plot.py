"""One plot: axes, lines, the ends of lines, and labels at their ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.charts.drawing.fonts import drawable, font
from flywheel_sim.charts.drawing.page import INK, QUIET, pattern
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from flywheel_sim.charts.chart import Axis, Line, Plot
    from flywheel_sim.charts.drawing.page import Page
    from flywheel_sim.charts.drawing.place import Box, Point

__all__ = ["Frame", "Look", "end_of", "plotted", "ring", "tick_width"]


class Look(Record):
    """Sizes of one plot.

    Attributes:
        ticks: size of the labels of the axes, in points.
        note: size of what stands below the title of a small plot, in points.
        stroke: width of the lines, in points.
        dot: diameter of the dots at the ends of lines, in points.
    """

    ticks: float
    note: float
    stroke: float
    dot: float


class Frame(Record):
    """A plot and its place on a page, and so where data are on it.

    Attributes:
        plot: what is to be drawn.
        place: of the axes, in pixels; the labels of their ticks stand outside of it.
    """

    plot: Plot
    place: Box

    def at(self, time: float, value: float) -> Point:
        """Where a value at a time is on the page; NaN where it is undefined."""
        left, low, right, high = self.place
        return left + share(time, self.plot.across) * (right - left), low + share(value, self.plot.up) * (high - low)

    def path(self, line: Line) -> list[Point]:
        """A line on the page."""
        return [self.at(time, value) for time, value in zip(line.times, line.values, strict=True)]


def share(value: float, axis: Axis) -> float:
    return (value - axis.low) / (axis.high - axis.low)


def tick_width(page: Page, axis: Axis, look: Look) -> float:
    """The room that the labels of an upright axis need, in pixels."""
    return max((page.width(label, look.ticks) for label in axis.tick_labels), default=0.0)


def plotted(page: Page, frame: Frame, look: Look) -> Axes:
    """Axes with their grid, their labels and the lines.

    Args:
        page: to draw on.
        frame: what to draw, and where.
        look: sizes.
    """
    plot = frame.plot
    axes = page.axes(*frame.place)
    axes.set_xlim(plot.across.low, plot.across.high)
    axes.set_ylim(plot.up.low, plot.up.high)
    axes.set_xticks(plot.across.ticks, list(map(drawable, plot.across.tick_labels)))
    axes.set_yticks(plot.up.ticks, [""] * len(plot.up.ticks))
    axes.tick_params(axis="x", length=5, width=0.8, color="#8A9096", pad=6)
    axes.tick_params(axis="y", length=0)
    for tick, label in zip(plot.up.ticks, plot.up.tick_labels, strict=True):
        page.beside(frame.place[0] - 16, frame.at(0.0, tick)[1], label, look.ticks, colour=QUIET, align="right")
    for text in axes.get_xticklabels():
        face = font(text.get_text())
        face.set_size(look.ticks)
        text.set_fontproperties(face)
        text.set_color(QUIET)
    if plot.up.low < 0:
        axes.axhline(0, color="#8A9096", linewidth=0.8, zorder=1)
    # Dashes lie over solid lines and short dashes over long ones, so that lines with the same values all show.
    for depth, line in enumerate(sorted(plot.lines, key=lambda line: (bool(line.style.dash), -sum(line.style.dash)))):
        axes.plot(
            line.times,
            line.values,
            color=line.style.colour,
            linestyle=pattern(line.style),
            linewidth=look.stroke,
            solid_capstyle="round",
            solid_joinstyle="round",
            dash_capstyle="butt",
            clip_on=False,
            zorder=3 + depth / 100,
        )
        end = end_of(line)
        if end is not None:
            axes.plot(
                *[[coordinate] for coordinate in end], "o", color=line.style.colour, markersize=look.dot, clip_on=False, zorder=4, mew=0
            )
    return axes


def end_of(line: Line) -> Point | None:
    """The last time and value of a line that is defined."""
    return next(((time, value) for time, value in zip(line.times[::-1], line.values[::-1], strict=True) if math.isfinite(value)), None)


def ring(axes: Axes, time: float, value: float) -> None:
    """A ring around a crossing."""
    axes.plot([time], [value], "o", markersize=11, markerfacecolor="white", markeredgecolor=INK, markeredgewidth=2, zorder=5, clip_on=False)
