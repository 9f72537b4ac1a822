"""Drawing single runs over the smooth curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from flywheel_sim.charts.chart import Style
from flywheel_sim.charts.drawing.overlay import BESIDE, labelled_lines
from flywheel_sim.charts.drawing.page import HEIGHT, WIDTH, Page, own_look, pattern

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from flywheel_sim.charts.chart import Band, Line, ReplicationsChart, Spread, Thread
    from flywheel_sim.charts.drawing.plot import Frame

__all__ = ["draw_replications"]

SHADE = 0.13  # how much of the colour
STRIP, GAP = 96, 16  # of one spread, and between two, in pixels
LONG_DASHES = (7.0, 2.5)


def draw_replications(chart: ReplicationsChart) -> Figure:
    """Single runs over the smooth curve as a figure."""
    with own_look():
        page = Page()
        strip = STRIP if any(spread.shares for spread in chart.spreads) else GAP
        frame, axes = labelled_lines(page, chart, chart.plot, BESIDE + (strip + GAP) * len(chart.spreads))
        if math.isfinite(chart.start):
            axes.axhline(chart.start, color="#8A9096", linewidth=1.0, linestyle=(0, (6, 3)), zorder=1.2)
        for depth, band in enumerate(chart.bands):
            draw_band(axes, band, depth)
        for thread in alternating(chart.threads):
            axes.plot(thread.times, thread.values, color=thread.style.colour, alpha=0.34, linewidth=0.75, zorder=2.2)
        for line in chart.smooth:
            draw_smooth(axes, line)
        most = max((share for spread in chart.spreads for share in spread.shares), default=0.0)
        for number, spread in enumerate(chart.spreads):
            draw_spread(page, frame, spread, (frame.place[2] + GAP + number * (strip + GAP), strip), most)
        return page.figure


def alternating(threads: tuple[Thread, ...]) -> list[Thread]:
    """Runs of the strategies in turn, so that those of none lie over all others."""
    groups: dict[str, list[Thread]] = {}
    for thread in threads:
        groups.setdefault(thread.name, []).append(thread)
    longest = max(map(len, groups.values()), default=0)
    return [group[number] for number in range(longest) for group in groups.values() if number < len(group)]


def draw_band(axes: Axes, band: Band, depth: int) -> None:
    """From 5 to 95 %; the edges have the dashes of the strategy, so that bands are told apart in grey."""
    colour, (low, *_, high) = band.style.colour, band.quantiles
    axes.fill_between(band.times, low, high, color=colour, alpha=SHADE, linewidth=0, zorder=1.5 + depth / 100)
    for values in (low, high):
        axes.plot(band.times, values, color=colour, alpha=0.8, linestyle=pattern(band.style), linewidth=1.1, zorder=2.4 + depth / 100)


def draw_smooth(axes: Axes, line: Line) -> None:
    """What the equations say: long dashes on white, so that it shows over threads and within a median that it follows."""
    axes.plot(line.times, line.values, color="white", linewidth=2.0, zorder=4.1, solid_capstyle="butt")
    axes.plot(line.times, line.values, color=line.style.colour, linewidth=1.3, linestyle=(0, LONG_DASHES), zorder=4.2)


def draw_spread(page: Page, frame: Frame, spread: Spread, across: tuple[float, float], most: float) -> None:
    """Where the runs end, as bars to the right at the heights of the plot, with the quantiles along them.

    Args:
        page: to draw on.
        frame: the plot beside it.
        spread: of one strategy.
        across: where it begins, and its room, in pixels.
        most: the share that takes all the room.
    """
    left, room = across
    end = frame.plot.across.high
    colour = spread.style.colour

    def height(value: float) -> float:
        return min(max(frame.at(end, value)[1], frame.place[1]), frame.place[3])

    solid = Style(colour, ())
    for low, high, share in zip(spread.edges, spread.edges[1:], spread.shares, strict=False):
        if share:
            bottom, top = height(low), height(high)
            bar = Rectangle(
                ((left + 7) / WIDTH, (bottom + 0.6) / HEIGHT),
                (room - 7) * share / most / WIDTH,
                max(top - bottom - 1.2, 0.5) / HEIGHT,
                facecolor=colour,
                alpha=0.45,
                linewidth=0,
                transform=page.figure.transFigure,
            )
            bar.set_gid(f"end {spread.name} {low:g}")
            page.figure.add_artist(bar)
    lowest, low, middle, high, highest = spread.quantiles
    if math.isfinite(lowest + highest):
        page.stroke((left, height(lowest)), (left, height(highest)), solid, 1.6)
        page.stroke((left, height(low)), (left, height(high)), solid, 5.0)
        page.stroke((left - 6, height(middle)), (left + 6, height(middle)), Style("#FFFFFF", ()), 2.0)
    if math.isfinite(spread.smooth):
        page.stroke((left + 7, height(spread.smooth)), (left + room, height(spread.smooth)), Style(colour, (4.0, 1.5)), 1.5)
