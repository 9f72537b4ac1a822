"""Drawing the coast and the holding force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.charts.drawing.overlay import labelled_lines
from flywheel_sim.charts.drawing.page import INK, PALE, PIXELS, Page, own_look, pattern
from flywheel_sim.charts.drawing.place import crosses, grown, inside, overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from flywheel_sim.charts.drawing.place import Box, Point
    from flywheel_sim.charts.drawing.plot import Frame
    from flywheel_sim.charts.why import CoastChart, HoldingChart

__all__ = ["draw_coast", "draw_holding"]

NOTE = 12.0
SHADE = 0.06  # how much of the colour
RULE = "#8A9096"
CLEAR = 8.0  # between a note and lines, in pixels


def draw_coast(chart: CoastChart) -> Figure:
    """The coast as a figure."""
    with own_look():
        page = Page()
        frame, axes = labelled_lines(page, chart, chart.plot)
        for depth, one in enumerate(chart.pipelines):
            colour = one.style.colour
            axes.fill_between(one.times, 0.0, one.values, color=colour, alpha=SHADE, linewidth=0, zorder=1.4 + depth / 100)
            axes.plot(one.times, one.values, color=colour, linestyle=pattern(one.style), linewidth=1.3, zorder=2.2 + depth / 100)
        if chart.pipeline_label:
            lines = [[frame.at(*point) for point in zip(one.times, one.values, strict=True)] for one in chart.pipelines]
            write_note(page, frame, chart.pipeline_label, [*lines, *map(frame.path, chart.plot.lines)])
        return page.figure


def draw_holding(chart: HoldingChart) -> Figure:
    """The holding force as a figure."""
    with own_look():
        page = Page()
        frame, axes = labelled_lines(page, chart, chart.plot)
        axes.axhline(1.0, color=RULE, linewidth=1.1, linestyle=(0, (6, 3)), zorder=1.3)
        for month, share in chart.several:
            axes.plot([month], [share], "o", markersize=10, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.4, zorder=5)
        level = [frame.at(chart.plot.across.low, 1.0), frame.at(chart.plot.across.high, 1.0)]
        lines = [level, *map(frame.path, chart.plot.lines)]
        taken = write_note(page, frame, chart.all_label, lines, near=level[0][1])
        if chart.several_label:
            write_note(page, frame, chart.several_label, lines, taken=[taken] if taken else [])
        return page.figure


def write_note(
    page: Page, frame: Frame, text: str, lines: Sequence[Sequence[Point]], *, near: float | None = None, taken: Sequence[Box] = ()
) -> Box | None:
    """A note within a plot, clear of lines: as near to a height as can be, or to the bottom; left out where there is no room.

    Args:
        page: to draw on.
        frame: the plot.
        text: of the note.
        lines: to keep clear of.
        near: the height it belongs to, in pixels.
        taken: where other notes are.
    """
    left, low, right, high = frame.place
    width, height = page.width(text, NOTE), NOTE * PIXELS
    wanted = low if near is None else near
    heights = sorted(
        (low + 10 + step * 8.0 for step in range(int((high - low - height - 20) / 8) + 1)), key=lambda y: abs(y + height / 2 - wanted)
    )
    for y in heights[:40]:
        for x in (left + 18, (left + right - width) / 2, right - width - 18):
            box = (x, y, x + width, y + height)
            clear = not any(crosses(line, grown(box, CLEAR)) for line in lines) and not any(overlap(box, other) for other in taken)
            if clear and inside(box, frame.place):
                page.beside(x, y + height / 2, text, NOTE, colour=PALE).set_zorder(6)
                return box
    return None
