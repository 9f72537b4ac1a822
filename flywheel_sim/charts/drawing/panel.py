"""Drawing a panel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flywheel_sim.charts.drawing.page import ASCENT, MARGIN, PALE, PIXELS, QUIET, WIDTH, Page, leading, own_look
from flywheel_sim.charts.drawing.place import Box, fitted, spread
from flywheel_sim.charts.drawing.plot import Frame, Look, end_of, plotted, tick_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flywheel_sim.charts.chart import Line, Panel, Plot

__all__ = ["draw_panel"]

BETWEEN = (64, 36)  # columns and rows, in pixels
SAMPLE = 58  # a piece of line in the key
BESIDE = 16  # from the end of the lines to their values
COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 7: 3, 8: 4, 9: 3}  # for a number of plots; four for more


def draw_panel(chart: Panel) -> Figure:
    """A panel as a figure."""
    with own_look():
        page = Page()
        count = len(chart.plots)
        columns = COLUMNS.get(count, 4)
        rows = math.ceil(count / columns)
        look = Look(ticks=8.5, note=8, stroke=2.0, dot=4.5) if count > 6 else Look(ticks=10, note=9, stroke=2.5, dot=5.5)
        high, low = key(page, chart.plots[0].lines, page.head(chart) - 24) - 22, page.foot(chart) + 26
        page.write(WIDTH / 2, low, chart.plots[0].across.label, look.ticks, colour=QUIET, align="center")
        low += leading(look.ticks) + 12
        across = (WIDTH - 2 * MARGIN - (columns - 1) * BETWEEN[0]) / columns
        down = (high - low - (rows - 1) * BETWEEN[1]) / rows
        for column in range(columns):
            plots = chart.plots[column::columns]
            left = MARGIN + column * (across + BETWEEN[0])
            inner = inside_edges(page, plots, (left, left + across), look)
            for row, plot in enumerate(plots):
                top = high - row * (down + BETWEEN[1])
                draw_small(page, plot, (left, top - down, left + across, top), inner, look)
        return page.figure


# The names, once for all plots


def key(page: Page, lines: tuple[Line, ...], top: float) -> float:
    """The names of the strategies beside a piece of their lines; returns where they end."""
    size, rows = key_rows(page, lines)
    for row in rows:
        x, y = float(MARGIN), top - ASCENT * size * PIXELS
        for line, name, width in row:
            height = y + 0.36 * size * PIXELS
            page.stroke((x, height), (x + SAMPLE, height), line.style, 2.8)
            page.write(x + SAMPLE + 14, y, name, size, bold=True, colour=line.style.colour)
            x += SAMPLE + 14 + width + 44
        top -= leading(size)
    return top


def key_rows(page: Page, lines: tuple[Line, ...]) -> tuple[float, list[list[tuple[Line, str, float]]]]:
    """Names in rows, each with its width: one row if they go into it at a good size, as few as possible otherwise."""
    size, rows = 0.0, [[]]  # type: tuple[float, list[list[tuple[Line, str, float]]]]
    for size, most in ((14, 1), (13, 1), (12, 2), (11, 2), (10, 2), (9, 3), (8.5, 5)):
        rows = names_in_rows(page, lines, size, widest=math.inf)
        if len(rows) <= most:
            return size, rows
    each = (WIDTH - 2 * MARGIN) / math.ceil(len(lines) / 5)
    return size, names_in_rows(page, lines, size, widest=each - SAMPLE - 14 - 44)


def names_in_rows(page: Page, lines: tuple[Line, ...], size: float, widest: float) -> list[list[tuple[Line, str, float]]]:
    rows: list[list[tuple[Line, str, float]]] = [[]]
    used = 0.0
    for line in lines:
        _, (name, *_) = fitted(line.name, widest, (size,), 1, page.bold_width)
        width = page.bold_width(name, size)
        if rows[-1] and used + SAMPLE + 14 + width > WIDTH - 2 * MARGIN:
            rows.append([])
            used = 0.0
        rows[-1].append((line, name, width))
        used += SAMPLE + 14 + width + 44
    return rows


# Small plots


def inside_edges(page: Page, plots: tuple[Plot, ...], edges: tuple[float, float], look: Look) -> tuple[float, float]:
    """Where the axes of a column begin and end: the same for all of them, with room for every label."""
    ticks = max(tick_width(page, plot.up, look) for plot in plots)
    ends = max(page.bold_width(line.label, look.ticks + 1) for plot in plots for line in plot.lines)
    return edges[0] + ticks + 16, edges[1] - ends - BESIDE


def draw_small(page: Page, plot: Plot, place: Box, inner: tuple[float, float], look: Look) -> None:
    """One small plot, with its title and what it measures above it, and the values at the ends of its lines."""
    left, low, right, high = place
    size, title = fitted(plot.title, right - left, (look.ticks + 3.5, look.ticks + 2), 1, page.bold_width)
    high = page.lines(left, high, title, size, bold=True)
    high = page.lines(left, high, [short_note(page, plot.note, right - left, look.note)], look.note, colour=PALE)
    low += leading(look.ticks) + 8
    frame = Frame(plot, (inner[0], low, inner[1], high - 16))
    plotted(page, frame, look)
    if any(end_of(line) for line in plot.lines):
        write_ends(page, frame, look.ticks + 1)
    else:
        x, y = (inner[0] + inner[1]) / 2, (low + high) / 2
        page.beside(x, y, "not defined in this run", look.ticks, colour=PALE, align="center")


def short_note(page: Page, note: str, room: float, size: float) -> str:
    """A note without its last clauses, where there is no room for them."""
    while page.width(note, size) > room and ", " in note:
        note = note.rpartition(", ")[0]
    _, (line, *_) = fitted(note, room, (size,), 1, page.width)
    return line


def write_ends(page: Page, frame: Frame, size: float) -> None:
    """The values at the ends of the lines, as many as there is room for, the most important first."""
    _, low, right, high = frame.place
    height = leading(size)
    most = int((high - low + height) // height)
    lines = sorted(frame.plot.lines, key=lambda line: line.rank)[:most]
    ends = [end_of(line) for line in lines]
    wanted = [low if end is None else frame.at(*end)[1] for end in ends]
    centres = spread(wanted, [height] * len(lines), low - height / 2, high + height / 2)
    for line, centre in zip(lines, centres, strict=True):
        page.beside(right + BESIDE, centre, line.label, size, bold=True, colour=line.style.colour)
