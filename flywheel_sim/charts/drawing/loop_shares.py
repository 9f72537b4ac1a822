"""Drawing the shares of loops, with a ribbon above them that says which is the strongest when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.charts.chart import Style
from flywheel_sim.charts.drawing.journey_map import box
from flywheel_sim.charts.drawing.overlay import labelled_lines
from flywheel_sim.charts.drawing.page import INK, PALE, Page, leading, own_look
from flywheel_sim.charts.drawing.place import fitted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flywheel_sim.charts.drawing.plot import Frame
    from flywheel_sim.charts.why import LoopSharesChart

__all__ = ["draw_loop_shares"]

RIBBON = 32.0  # its height, in pixels
NAME, NOTE = (12.0, 11.0, 10.0, 9.0), 10.5  # sizes of the names in it, and of what stands above and below
AT_REST = "#E4E6E8"


def draw_loop_shares(chart: LoopSharesChart) -> Figure:
    """The shares of loops as a figure."""
    with own_look():
        page = Page()
        frame, _ = labelled_lines(page, chart, chart.plot)
        draw_ribbon(page, frame, chart)
        return page.figure


def draw_ribbon(page: Page, frame: Frame, chart: LoopSharesChart) -> None:
    """Stretches of time in the colour of the loop that is the strongest, with its name and the months of change."""
    left, bottom, right, high = frame.place
    top = high - leading(NOTE) - 2
    low = top - RIBBON
    above = high - 0.5 * leading(NOTE) + 4
    page.beside(right, above, "The strongest loop", NOTE, colour=PALE, align="right")
    limit = right - page.width("The strongest loop", NOTE) - 16
    named = taken = left - 24
    for reign in chart.reigns:
        start, end = frame.at(reign.start, 0.0)[0], frame.at(reign.end, 0.0)[0]
        box(page, (start, low, end, top), reign.style.colour if reign.name else AT_REST, f"reign {reign.name}", edge="white", depth=4.0)
        words = reign.name or "none at work"
        size, (text, *more) = fitted(words, end - start - 14, NAME, 1, page.bold_width)
        if not more and text == words:
            text_drawn = page.beside(
                (start + end) / 2, (low + top) / 2, words, size, bold=True, colour="white" if reign.name else INK, align="center"
            )
            text_drawn.set_zorder(5)
        elif start > named and start + page.bold_width(words, NOTE) < limit:  # above it, as it is too short to hold its name
            page.beside(start, above, words, NOTE, bold=True, colour=reign.style.colour)
            named = start + page.bold_width(words, NOTE) + 12
        if reign.label:
            page.stroke((start, bottom), (start, low), Style(PALE, (1.0, 2.0)), 0.9)
            width = page.width(reign.label, NOTE)
            if start - width / 2 > taken + 12:  # the months of short stretches would touch
                page.beside(start, low - 0.6 * leading(NOTE), reign.label, NOTE, colour=PALE, align="center")
                taken = start + width / 2
