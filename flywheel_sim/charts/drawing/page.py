"""A page: the figure, its title, subtitle and footer, and text that is measured before it is written.

Places are in pixels of a picture of 1920×1080, counted from the lower left corner; sizes of text are in points.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from flywheel_sim.charts.drawing.fonts import FAMILY, drawable, font
from flywheel_sim.charts.drawing.place import fitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from flywheel_sim.charts.chart import Chart, Style

__all__ = ["ASCENT", "HEIGHT", "INK", "MARGIN", "PALE", "PIXELS", "QUIET", "WIDTH", "Page", "leading", "own_look", "pattern"]

WIDTH, HEIGHT, DOTS_PER_INCH = 1920, 1080, 150
MARGIN = 76
INK, QUIET, PALE, GRID = "#16191D", "#4A4F55", "#6B7076", "#E4E6E8"  # pale is still 4.9 to 1 on white

TITLE_SIZES = ((27, 26, 25, 24), (26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16))  # on one line, on two
SUBTITLE_SIZES = tuple(range(15, 9, -1))
FOOTER_SIZES = (9.5, 9, 8.5, 8)
MEASURED = 20.0  # unhinted text grows in proportion to its size: measured at this one, it is known at all
LEADING = 1.3  # from line to line, in sizes of the text
PIXELS = DOTS_PER_INCH / 72  # in a point
ASCENT, CAPITALS = 0.97, 0.727  # of the bundled font, in sizes of the text


@contextmanager
def own_look() -> Iterator[None]:
    """Draw as this package draws, whatever the caller has set, and leave that as it was."""
    fonts = logging.getLogger("matplotlib.font_manager")
    before = fonts.level
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "text.parse_math": False,  # a dollar is a dollar, in every text made meanwhile
                "text.hinting": "none",
                "font.sans-serif": [FAMILY, "Segoe UI", "Helvetica Neue", "Arial", "DejaVu Sans"],
                "svg.fonttype": "none",
                "svg.hashsalt": "flywheel-sim",
            }
        )
        fonts.setLevel(logging.ERROR)  # a fallback font of another weight is no news
        try:
            yield
        finally:
            fonts.setLevel(before)


class Page:
    """An empty page, onto which text and plots are put where they are measured to fit."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(WIDTH / DOTS_PER_INCH, HEIGHT / DOTS_PER_INCH), dpi=DOTS_PER_INCH, facecolor="white")
        canvas: Any = FigureCanvasAgg(self.figure)
        self.renderer = canvas.get_renderer()
        self.widths: dict[tuple[str, bool], float] = {}

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """The width of a line of text, in pixels."""
        if (text, bold) not in self.widths:
            face = font(text, bold=bold)
            face.set_size(MEASURED)
            width, _, _ = self.renderer.get_text_width_height_descent(drawable(text), face, ismath=False)
            self.widths[text, bold] = width / MEASURED
        return self.widths[text, bold] * size

    def bold_width(self, text: str, size: float) -> float:
        """The width of a line of bold text, in pixels."""
        return self.width(text, size, bold=True)

    def write(self, x: float, y: float, text: str, size: float, *, bold: bool = False, colour: str = INK, align: str = "left") -> Text:
        """One line of text on a baseline."""
        face = font(text, bold=bold)
        return self.figure.text(
            x / WIDTH, y / HEIGHT, drawable(text), fontproperties=face, fontsize=size, color=colour, ha=align, va="baseline"
        )

    def beside(self, x: float, y: float, text: str, size: float, *, bold: bool = False, colour: str = INK, align: str = "left") -> Text:
        """One line of text with its figures and capitals centred on a height."""
        return self.write(x, y - CAPITALS / 2 * size * PIXELS, text, size, bold=bold, colour=colour, align=align)

    def lines(self, x: float, top: float, lines: list[str], size: float, *, bold: bool = False, colour: str = INK) -> float:
        """Lines of text below one another; returns where the last one ends."""
        for line in lines:
            self.write(x, top - ASCENT * size * PIXELS, line, size, bold=bold, colour=colour)
            top -= leading(size)
        return top

    def stroke(self, start: tuple[float, float], end: tuple[float, float], style: Style, width: float) -> None:
        """A straight line."""
        xs, ys = [start[0] / WIDTH, end[0] / WIDTH], [start[1] / HEIGHT, end[1] / HEIGHT]
        self.figure.add_artist(Line2D(xs, ys, color=style.colour, linestyle=pattern(style), linewidth=width, solid_capstyle="butt"))

    def head(self, chart: Chart) -> float:
        """Title and subtitle; returns the height below which there is room."""
        room = WIDTH - 2 * MARGIN
        for most, sizes in enumerate(TITLE_SIZES, 1):
            size, lines = fitted(chart.title, room, sizes, most, self.bold_width)
            if " ".join(lines) == chart.title:
                break
        top = self.lines(MARGIN, HEIGHT - 62, lines, size, bold=True)
        size, lines = fitted(chart.subtitle, room, SUBTITLE_SIZES, 2, self.width)
        return self.lines(MARGIN, top - 8, lines, size, colour=QUIET)

    def foot(self, chart: Chart) -> float:
        """The footer; returns the height above which there is room."""
        blocks = [fitted(line, WIDTH - 2 * MARGIN, FOOTER_SIZES, 2, self.width) for line in chart.footer]
        size = min(size for size, _ in blocks)
        blocks = [fitted(line, WIDTH - 2 * MARGIN, (size,), 2, self.width) for line in chart.footer]
        lines = [line for _, block in blocks for line in block]
        top = 42 + len(lines) * leading(size)
        self.lines(MARGIN, top, lines, size, colour=PALE)
        return top

    def axes(self, left: float, low: float, right: float, high: float) -> Axes:
        """Empty axes in a place, with a quiet line below and nothing else."""
        made = self.figure.add_axes((left / WIDTH, low / HEIGHT, (right - left) / WIDTH, (high - low) / HEIGHT))
        made.spines[["top", "left", "right"]].set_visible(False)
        made.spines["bottom"].set_color("#8A9096")
        made.set_axisbelow(True)
        made.grid(axis="y", color=GRID, linewidth=0.9)
        return made


def leading(size: float) -> float:
    """From one line of text to the next, in pixels."""
    return LEADING * size * PIXELS


def pattern(style: Style) -> Literal["-"] | tuple[float, tuple[float, ...]]:
    """Dashes as matplotlib takes them."""
    return (0, style.dash) if style.dash else "-"
