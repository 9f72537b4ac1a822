"""Drawing a tornado: a row for each assumption, light where it is low and dark where it is high."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.charts.chart import Style
from flywheel_sim.charts.drawing.journey_map import box
from flywheel_sim.charts.drawing.page import INK, MARGIN, PIXELS, QUIET, WIDTH, Page, leading, own_look
from flywheel_sim.charts.drawing.place import fitted
from flywheel_sim.charts.drawing.rows import draw_grid, rows_in, text_size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flywheel_sim.charts.drawing.rows import Rows
    from flywheel_sim.charts.why import Swing, TornadoChart

__all__ = ["draw_tornado"]

LIGHT, DARK, ALARM, RULE = "#A9CFE8", "#0B4F7D", "#B84F00", "#8A9096"
SIZES = (14, 13, 12, 11, 10, 9, 8)
ENDS = (11.0, 10.0, 9.0, 8.0)
NAMES, NOTES = 420.0, 340.0  # the widest that names and notes may be, in pixels
BESIDE = 8.0
STACKED = 1.25  # from line to line where two labels stand one above the other, in sizes of the text


def draw_tornado(chart: TornadoChart) -> Figure:
    """A tornado as a figure."""
    with own_look():
        page = Page()
        high, low = page.head(chart) - 30, page.foot(chart) + 24
        high -= leading(12) + 10  # for what stands above the line of the base
        count = max(len(chart.swings), 1)
        sizes = [size for size in SIZES if leading(size) <= (high - low - 80) / count] or [SIZES[-1]]
        size = text_size(page, [swing.title for swing in chart.swings], NAMES, sizes, bold=True)
        titles = [fitted(swing.title, NAMES, (size,), 1, page.bold_width)[1][0] for swing in chart.swings]
        names = max((page.bold_width(title, size) for title in titles), default=0.0)
        note = min(size, 11.0)
        notes = [fitted(swing.note, NOTES, (note, note - 1, note - 2), 1, page.width) for swing in chart.swings]
        column = max((page.width(text[0], at) for at, text in notes), default=0.0)
        rows = rows_in(chart.across, (0.0, low, 0.0, high), count)
        stacked = 2 if any(together(swing, chart.base) for swing in chart.swings) else 1
        small = next((one for one in ENDS if stacked * STACKED * one * PIXELS <= rows.height), ENDS[-1])
        ends = max((page.width(label, small) for swing in chart.swings for label in (swing.low_label, swing.high_label)), default=0.0)
        left = MARGIN + names + 24 + ends + BESIDE
        right = WIDTH - MARGIN - (column + 24 if column else 0) - ends - BESIDE
        rows = rows_in(chart.across, (left, low, right, high), count)
        draw_grid(page, rows)
        for number, (swing, title) in enumerate(zip(chart.swings, titles, strict=True)):
            y = rows.centre(number)
            page.beside(MARGIN, y, title, size, bold=True, colour=INK)
            draw_swing(page, rows, y, swing, chart.base, small)
            at, (text, *_) = notes[number]
            page.beside(WIDTH - MARGIN - column, y, text, at, bold=False, colour=ALARM if swing.flips else QUIET)
        draw_base(page, rows, chart)  # over the bars
        return page.figure


def draw_base(page: Page, rows: Rows, chart: TornadoChart) -> None:
    """The line of things as they stand, and that of a tie where the outcome is a lead."""
    _, low, _, high = rows.place
    if not math.isfinite(chart.base):
        return
    x = rows.at(chart.base)
    page.stroke((x, low), (x, high + 8), Style(INK, ()), 1.4)
    text = f"as things stand: {chart.base_label}"
    half = page.width(text, 12) / 2
    middle = min(max(x, MARGIN + half), WIDTH - MARGIN - half)
    page.beside(middle, high + 14 + 0.5 * leading(12), text, 12, colour=INK, align="center")
    if chart.tie and chart.across.low < 0 < chart.across.high:
        tie = rows.at(0.0)
        page.stroke((tie, low), (tie, high + 8), Style(ALARM, (4.0, 2.0)), 1.4)
        width = page.width("tie", 12)
        apart = half + width / 2 + 14
        x = tie if abs(tie - middle) >= apart else middle + (apart if tie >= x else -apart)  # beside the other where both are near
        page.beside(x, high + 14 + 0.5 * leading(12), "tie", 12, colour=ALARM, align="center")


def draw_swing(page: Page, rows: Rows, y: float, swing: Swing, base: float, size: float) -> None:
    """Two bars from the base: side by side where they go in opposite directions, else one above the other."""
    if not math.isfinite(base):
        return
    half = 0.36 * rows.height
    start, low, high = rows.at(base), rows.at(swing.at_low), rows.at(swing.at_high)
    known = [math.isfinite(swing.at_low), math.isfinite(swing.at_high)]
    both = together(swing, base)
    if math.isfinite(swing.least + swing.most) and not swing.monotone:
        least, most = rows.at(swing.least), rows.at(swing.most)
        page.stroke((least, y), (most, y), Style(RULE, ()), 1.6)
        for x in (least, most):
            page.stroke((x, y - 0.5 * half), (x, y + 0.5 * half), Style(RULE, ()), 1.6)
    bars = ((low, known[0], LIGHT, "low", swing.low_label), (high, known[1], DARK, "high", swing.high_label))
    for place, (end, is_known, fill, name, label) in enumerate(bars):
        if not is_known:
            continue
        bottom, top = (y - half, y + half) if not both else (y, y + half) if place == 0 else (y - half, y)
        box(page, (min(start, end), bottom, max(start, end), top), fill, f"{name} {swing.name}", edge=DARK, depth=2.0)
        # Where nothing moves, the lower end goes left and the upper right.
        rightward = end > start or (end == start and place == 1)
        if end == start and not both:
            other = high if place == 0 else low
            rightward = other < start if other != start else place == 1
        furthest = beyond(rows, swing, end, rightward=rightward)
        middle = y if not both else y + (0.5 if place == 0 else -0.5) * max(STACKED * size * PIXELS, half)
        page.beside(
            furthest + (BESIDE if rightward else -BESIDE), middle, label, size, colour=QUIET, align="left" if rightward else "right"
        )


def together(swing: Swing, base: float) -> bool:
    """Whether both ends of an assumption move the outcome in the same direction."""
    return (swing.at_low - base) * (swing.at_high - base) > 0


def beyond(rows: Rows, swing: Swing, end: float, *, rightward: bool) -> float:
    """Where a label may begin: past the thin line of an assumption that turns back."""
    if swing.monotone or not math.isfinite(swing.least + swing.most):
        return end
    return max(end, rows.at(swing.most)) if rightward else min(end, rows.at(swing.least))
