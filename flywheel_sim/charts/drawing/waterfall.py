"""Drawing a waterfall: rows from the baseline down to the challenger, each bar beginning where the one above it ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.charts.chart import Style
from flywheel_sim.charts.drawing.journey_map import box
from flywheel_sim.charts.drawing.page import INK, MARGIN, PALE, QUIET, WIDTH, Page, leading, own_look
from flywheel_sim.charts.drawing.place import fitted
from flywheel_sim.charts.drawing.rows import TALLEST, draw_grid, rows_in, shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from flywheel_sim.charts.chart import Axis
    from flywheel_sim.charts.drawing.rows import Rows
    from flywheel_sim.charts.why import Step, WaterfallChart

__all__ = ["draw_waterfall"]

# Fill, edge and hatch of each kind: in grey the hatches tell them apart, and a kind is written in every row.
LOOKS = {
    "strategy": ("#5F6368", "#5F6368", ""),
    "loop": ("#0072B2", "#0072B2", ""),
    "lever": ("#F6DFCB", "#B84F00", "////"),
    "friction": ("#DDEFE8", "#00775B", "...."),
    "rest": ("#E4E6E8", "#5F6368", "\\\\\\\\"),
    "others": ("#FFFFFF", "#5F6368", ""),
}
WORDS = {"loop": "Loop", "lever": "Lever", "friction": "Friction"}
SIZES = (14, 13, 12, 11, 10, 9, 8)
NAMES = 640.0  # the widest that names may be, in pixels
HEAD = 16.0  # length of the point of a bar
TEETH = 4


def draw_waterfall(chart: WaterfallChart) -> Figure:
    """A waterfall as a figure."""
    with own_look():
        page = Page()
        high, low = page.head(chart) - 30, page.foot(chart) + 24
        height = (high - low - 80) / len(chart.steps)
        sizes = [size for size in SIZES if leading(size) <= height] or [SIZES[-1]]
        kinds, size, titles = names(page, chart, sizes, min(height, TALLEST))
        left = MARGIN + kinds + max(page.bold_width(line, size) for lines in titles for line in lines) + 28
        labels = max(page.bold_width(step.label, size) for step in chart.steps) + 28
        rows = rows_in(chart.across, (left, low, WIDTH - MARGIN - labels, high), len(chart.steps))
        draw_grid(page, rows)
        for number, (step, lines) in enumerate(zip(chart.steps, titles, strict=True)):
            y = rows.centre(number)
            whole = step.kind == "strategy"
            page.beside(MARGIN, y, WORDS.get(step.kind, ""), size, colour=LOOKS[step.kind][1])
            for place, line in enumerate(lines):
                at = y + ((len(lines) - 1) / 2 - place) * leading(size)
                page.beside(MARGIN + kinds, at, line, size, bold=whole, colour=QUIET if step.kind == "others" else INK)
            draw_step(page, rows, number, step, chart.across)
            write_label(page, rows, number, step, size)
        join(page, rows, chart)
        return page.figure


def names(page: Page, chart: WaterfallChart, sizes: Sequence[float], height: float) -> tuple[float, float, list[list[str]]]:
    """The room of the kinds, the size of the names beside them, and these in lines: two where rows are tall enough."""
    kinds, size, lines = 0.0, sizes[-1], [[step.title] for step in chart.steps]
    for size in sizes:
        widest = max((page.width(WORDS.get(step.kind, ""), size) for step in chart.steps), default=0.0)
        kinds = widest + 24 if widest else 0.0
        most = 2 if 2 * leading(size) <= 0.9 * height else 1
        lines = [fitted(step.title, NAMES - kinds, (size,), most, page.bold_width)[1] for step in chart.steps]
        if all(" ".join(line) == step.title for line, step in zip(lines, chart.steps, strict=True)):
            break
    return kinds, size, lines


def draw_step(page: Page, rows: Rows, number: int, step: Step, axis: Axis) -> None:
    """A bar: of a strategy a plain one, of a difference one with a point in its direction."""
    half = 0.34 * rows.height
    y = rows.centre(number)
    fill, edge, hatch = LOOKS[step.kind]
    torn = step.kind == "strategy" and not axis.low <= 0 <= axis.high
    away = axis.high < 0  # values are all below 0, and bars come from the right
    start = (rows.place[2] if away else rows.place[0]) if torn else rows.at(step.start)
    end = rows.at(step.end)
    if step.kind == "strategy":
        box(page, (min(start, end), y - half, max(start, end), y + half), fill, f"total {step.name}")
        if torn:
            tear(page, start + (-40 if away else 40), y, half + 3, step.name)
        return
    side = 1 if end >= start else -1
    point = min(HEAD, abs(end - start))
    back = end - side * point
    corners = [(start, y - half), (back, y - half), (end, y), (back, y + half), (start, y + half)]
    shape(page, corners, fill, f"step {step.name}", edge=edge, hatch=hatch)
    if math.isfinite(step.low + step.high):
        low, high = rows.at(step.low), rows.at(step.high)
        for style, width in ((Style("#FFFFFF", ()), 4.2), (Style(INK, ()), 1.6)):
            page.stroke((low, y), (high, y), style, width)
        for x in (low, high):
            page.stroke((x, y - 0.3 * half), (x, y + 0.3 * half), Style(INK, ()), 1.6)


def tear(page: Page, x: float, y: float, half: float, name: str) -> None:
    """A white gap with ragged edges across a bar that does not begin at 0."""
    edge = [(x + (6 if step % 2 else -6), y - half + 2 * half * step / TEETH) for step in range(TEETH + 1)]
    shape(page, [*edge, *((across + 11, up) for across, up in reversed(edge))], "white", f"torn {name}", depth=2.0)


def write_label(page: Page, rows: Rows, number: int, step: Step, size: float) -> None:
    """What it contributes, right of everything in its row."""
    ends = [step.start, step.end, *(end for end in (step.low, step.high) if math.isfinite(end))]
    x = max(rows.at(end) for end in ends) if step.kind != "strategy" or rows.axis.high >= 0 else rows.place[2]
    page.beside(x + 12, rows.centre(number), step.label, size, bold=True, colour=INK if step.kind != "others" else PALE)


def join(page: Page, rows: Rows, chart: WaterfallChart) -> None:
    """Thin lines from the end of each bar to the beginning of the next."""
    for number, step in enumerate(chart.steps[:-1]):
        x = rows.at(step.end)
        page.stroke((x, rows.centre(number) - 0.34 * rows.height), (x, rows.centre(number + 1) + 0.34 * rows.height), Style(PALE, ()), 0.9)
