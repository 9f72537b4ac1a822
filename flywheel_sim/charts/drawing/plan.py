"""Drawing a plan: the split of the budget as bars, period by period, beside today's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.charts.chart import Style
from flywheel_sim.charts.drawing.journey_map import box
from flywheel_sim.charts.drawing.page import INK, MARGIN, PALE, PIXELS, QUIET, WIDTH, Page, leading, own_look
from flywheel_sim.charts.drawing.place import fitted, spread
from flywheel_sim.charts.drawing.rows import text_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from flywheel_sim.charts.why import PlanChart, Split

__all__ = ["draw_plan"]

# Light and dark in turn, so that neighbours are told apart in grey; the second number is whether text on it is white.
FILLS = (
    ("#0B4F7D", True), ("#F3C79B", False), ("#00775B", True), ("#CFE3F2", False), ("#8E4585", True), ("#F2E3A0", False),
    ("#5F6368", True), ("#BFE3D3", False), ("#A8324E", True), ("#E8D3E6", False), ("#4B5BA8", True), ("#E4E6E8", False),
)  # fmt: skip
NAMES = (14, 13, 12, 11, 10, 9, 8)
INSIDE = (12, 11, 10, 9, 8, 7)
TICKS = 12.0
WIDEST = 420.0  # the names of outlets, in pixels
HEIGHT_OF_TEXT = 1.2  # of a line, in sizes of the text
GAP = 0.75  # between today's bar and the plan, in bars
FILL = 0.86  # of the width of a column is bar
WIDEST_BAR = 200.0


def draw_plan(chart: PlanChart) -> Figure:
    """A plan as a figure."""
    with own_look():
        page = Page()
        high, low = page.head(chart) - 30, page.foot(chart) + 24
        high = page.lines(MARGIN, high, [chart.up_label], TICKS, colour=QUIET) - 16
        below = low
        low += (2 if chart.across_label else 1) * leading(TICKS) + 20 + (leading(TICKS) if chart.spend_label else 0)
        titles = [title for _, title in chart.outlets]
        sizes = [size for size in NAMES if len(titles) * (leading(size) + 2) <= high - low + 30] or [NAMES[-1]]
        size = text_size(page, titles, WIDEST, sizes, bold=True)
        titles = [fitted(title, WIDEST, (size,), 1, page.bold_width)[1][0] for title in titles]
        names = max(page.bold_width(title, size) for title in titles)
        left = MARGIN + (page.width(chart.spend_label, TICKS) + 24 if chart.spend_label else page.width("100", TICKS) + 24)
        right = WIDTH - MARGIN - names - 64
        bars = [chart.today, *chart.splits]
        column = min((right - left) / (len(bars) + (GAP if chart.splits else 0)), WIDEST_BAR)
        middles = [left + column * (0.5 + number + (GAP if number else 0)) for number in range(len(bars))]
        for share in (0, 25, 50, 75, 100):
            y = low + share / 100 * (high - low)
            page.stroke((left - 8, y), (middles[-1] + column / 2, y), Style("#E4E6E8", ()), 0.9)
            page.beside(left - 16, y, str(share), TICKS, colour=QUIET, align="right")
        inside = text_size(page, ["00"], FILL * column - 4, INSIDE)
        for bar, x in zip(bars, middles, strict=True):
            draw_bar(page, bar, (x - FILL * column / 2, low, x + FILL * column / 2, high), inside)
        write_below(page, chart, bars, middles, low, below, column)
        name_outlets(page, chart, titles, bars[-1], (middles[-1] + FILL * column / 2, low, right, high), size)
        return page.figure


def draw_bar(page: Page, bar: Split, place: tuple[float, float, float, float], size: float) -> None:
    """The whole budget, with the shares as figures where they have room."""
    left, low, right, high = place
    for number, one in enumerate(bar.portions):
        bottom, top = (low + share * (high - low) for share in (one.low, one.high))
        fill, white = FILLS[number % len(FILLS)]
        if top - bottom > 0.4:
            box(page, (left, bottom, right, top), fill, f"{bar.title} {one.name}", edge="white", depth=2.0)
        fits = [one for one in INSIDE if one <= size and HEIGHT_OF_TEXT * one * PIXELS <= top - bottom]
        if one.label and fits:
            text = page.beside((left + right) / 2, (bottom + top) / 2, one.label, fits[0], colour="white" if white else INK, align="center")
            text.set_zorder(3)


def write_below(
    page: Page, chart: PlanChart, bars: Sequence[Split], middles: Sequence[float], low: float, below: float, column: float
) -> None:
    """When each bar is, what is spent then, and what the periods are."""
    y = low - 14 - 0.5 * leading(TICKS)
    size = text_size(page, [bar.title for bar in bars[1:]] or ["0"], column - 8, (TICKS, 11, 10, 9, 8, 7, 6))
    for number, (bar, x) in enumerate(zip(bars, middles, strict=True)):
        if number:
            page.beside(x, y, bar.title, size, colour=QUIET, align="center")
        else:
            page.beside(x, y, bar.title, text_size(page, [bar.title], 1.5 * column, (TICKS, 11, 10, 9, 8)), bold=True, align="center")
    if chart.spend_label:
        y -= leading(TICKS)
        page.beside(MARGIN, y, chart.spend_label, TICKS, colour=QUIET)
        fit = text_size(page, [bar.spend for bar in bars], column - 8, (TICKS, 11, 10, 9, 8, 7, 6))
        for bar, x in zip(bars, middles, strict=True):
            page.beside(x, y, bar.spend, fit, colour=QUIET, align="center")
    if chart.across_label and len(bars) > 1:
        page.beside((middles[1] + middles[-1]) / 2, below + 0.5 * leading(TICKS), chart.across_label, TICKS, colour=QUIET, align="center")


def name_outlets(
    page: Page, chart: PlanChart, titles: Sequence[str], last: Split, place: tuple[float, float, float, float], size: float
) -> None:
    """The names right of the last bar, each joined to its part of it."""
    edge, low, _, high = place
    wanted = [low + (one.low + one.high) / 2 * (high - low) for one in last.portions]
    height = leading(size) + 2
    centres = spread(wanted, [height] * len(titles), low - 15, high + 15)
    for number, (title, centre, at) in enumerate(zip(titles, centres, wanted, strict=True)):
        fill, white = FILLS[number % len(FILLS)]
        page.stroke((edge + 2, at), (edge + 30, centre), Style(fill if white else PALE, ()), 1.1)
        box(page, (edge + 32, centre - 7, edge + 46, centre + 7), fill, f"key {chart.outlets[number][0]}", edge=INK)
        page.beside(edge + 56, centre, title, size, bold=True, colour=INK)
