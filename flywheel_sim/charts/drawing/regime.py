"""Drawing the map of who wins: tints for the two strategies, the tie line, the scenario's own point and its way to the border."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb

from flywheel_sim.charts.drawing.fonts import drawable, font
from flywheel_sim.charts.drawing.page import INK, MARGIN, PIXELS, QUIET, WIDTH, Page, leading, own_look
from flywheel_sim.charts.drawing.place import crosses, fitted, free_place, grown, inside, overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from flywheel_sim.charts.drawing.place import Box, Point
    from flywheel_sim.charts.why import RegimeChart

__all__ = ["draw_regime"]

TICKS, LABEL, WINS = 12.0, 13.0, 17.0
PALEST, DEEPEST = 0.12, 0.60  # how much of the colour of the winner, from the tie to the largest lead
BLANK = "#C9CDD1"
PLACES = 48  # along a side, where a name may stand
SQUARES = 400  # along a side, of which each has one colour
WIDEST = 0.62  # of the map, a label within it


def draw_regime(chart: RegimeChart) -> Figure:
    """A map of who wins as a figure."""
    with own_look():
        page = Page()
        high, low = page.head(chart) - 30, page.foot(chart) + 24
        size, (text, *_) = fitted(chart.up.label, WIDTH - 2 * MARGIN, (TICKS, 11, 10), 1, page.width)
        high = page.lines(MARGIN, high, [text], size, colour=QUIET) - 18
        below, low = low, low + 2 * leading(TICKS) + 20
        ticks = max((page.width(label, TICKS) for label in chart.up.tick_labels), default=0.0)
        place = (MARGIN + ticks + 18, low, WIDTH - MARGIN, high)
        axes = empty_map(page, chart, place)
        size, (text, *_) = fitted(chart.across.label, WIDTH - 2 * MARGIN, (TICKS, 11, 10), 1, page.width)
        page.beside((place[0] + place[2]) / 2, below + 0.5 * leading(TICKS), text, size, colour=QUIET, align="center")
        tint(axes, chart)
        Notes(page, chart, place, axes).write()
        return page.figure


def empty_map(page: Page, chart: RegimeChart, place: Box) -> Axes:
    """Axes with their ticks, and no grid."""
    axes = page.axes(*place)
    axes.grid(visible=False)
    axes.set_xlim(chart.across.low, chart.across.high)
    axes.set_ylim(chart.up.low, chart.up.high)
    axes.set_xticks(chart.across.ticks, list(map(drawable, chart.across.tick_labels)))
    axes.set_yticks(chart.up.ticks, [""] * len(chart.up.ticks))
    axes.tick_params(axis="both", length=5, width=0.8, color="#8A9096", pad=6)
    for text in axes.get_xticklabels():
        face = font(text.get_text())
        face.set_size(TICKS)
        text.set_fontproperties(face)
        text.set_color(QUIET)
    for tick, label in zip(chart.up.ticks, chart.up.tick_labels, strict=True):
        y = place[1] + (tick - chart.up.low) / (chart.up.high - chart.up.low) * (place[3] - place[1])
        page.beside(place[0] - 16, y, label, TICKS, colour=QUIET, align="right")
    return axes


def tint(axes: Axes, chart: RegimeChart) -> None:
    """The colour of who is ahead, the deeper the further; the baseline's part is hatched, so that it shows in grey."""
    gaps = np.array(chart.gaps, dtype=float)
    xs = np.linspace(chart.across.low, chart.across.high, gaps.shape[1])
    ys = np.linspace(chart.up.low, chart.up.high, gaps.shape[0])
    extent = (chart.across.low, chart.across.high, chart.up.low, chart.up.high)
    axes.imshow(
        colours(chart, finer(gaps, SQUARES)),
        extent=extent,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        zorder=1,
        gid="who wins",
    )
    for region in chart.regions:
        if region.sign < 0 and gaps.shape[0] > 1 and gaps.shape[1] > 1:
            masked = np.ma.masked_invalid(gaps)
            drawn = axes.contourf(xs, ys, masked, levels=[-math.inf, 0.0], colors="none", hatches=["///"], zorder=1.5)
            drawn.set_edgecolor((*to_rgb(region.style.colour), 0.45))
            drawn.set_linewidth(0.0)
            drawn.set_gid("hatched")


def finer(gaps: NDArray[np.float64], squares: int) -> NDArray[np.float64]:
    """The middles of small squares between the points of a grid, on straight lines between these."""
    parts = max(1, squares // max(gaps.shape))
    for _ in range(2):
        count = gaps.shape[0]
        at = (np.arange((count - 1) * parts) + 0.5) / parts
        below = at.astype(int)
        share = (at - below)[:, np.newaxis]
        gaps = (gaps[below] * (1 - share) + gaps[below + 1] * share).T
    return gaps


def colours(chart: RegimeChart, gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The colour of every small square."""
    made = np.empty((*gaps.shape, 3))
    made[:] = to_rgb(BLANK)
    known = np.isfinite(gaps)
    most = float(np.abs(gaps[known]).max()) if known.any() else 0.0
    made[known] = 1.0
    for region in chart.regions:
        here = known & (region.sign * gaps > 0)
        depth = PALEST + (DEEPEST - PALEST) * np.abs(gaps[here]) / (most or 1.0)
        made[here] = 1 - depth[:, np.newaxis] * (1 - np.array(to_rgb(region.style.colour)))
    return made


class Notes:
    """Lines and labels on a map, none over another.

    Args:
        page: to draw on.
        chart: the map.
        place: where it is, in pixels.
        axes: of it.
    """

    def __init__(self, page: Page, chart: RegimeChart, place: Box, axes: Axes) -> None:
        self.page, self.chart, self.place, self.axes = page, chart, place, axes
        self.taken: list[Box] = []
        self.texts: list[Box] = []

    def at(self, point: Point) -> Point:
        """A point of the map on the page."""
        left, low, right, high = self.place
        x = left + (point[0] - self.chart.across.low) / (self.chart.across.high - self.chart.across.low) * (right - left)
        y = low + (point[1] - self.chart.up.low) / (self.chart.up.high - self.chart.up.low) * (high - low)
        return x, y

    def write(self) -> None:
        """Everything."""
        for contour in self.chart.contours:
            tie = contour.level == 0
            for line in contour.lines:
                xs, ys = zip(*line, strict=True)
                self.axes.plot(xs, ys, color=INK, linewidth=3.0 if tie else 0.8, alpha=1.0 if tie else 0.55, zorder=3 if tie else 2)
        self.lines = [[self.at(point) for point in line] for contour in self.chart.contours for line in contour.lines]
        self.border = [
            [self.at(point) for point in line] for contour in self.chart.contours if contour.level == 0 for line in contour.lines
        ]
        self.mark_own()
        self.name_regions()
        self.blank()
        for contour in self.chart.contours:
            self.name_contour(contour.label, [[self.at(point) for point in line] for line in contour.lines], bold=contour.level == 0)

    def label(self, box: Box, text: str, size: float, *, bold: bool = False, colour: str = INK) -> None:
        """A label on a white ground."""
        shown = self.page.beside((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, text, size, bold=bold, colour=colour, align="center")
        shown.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.82, "pad": 3.0})
        shown.set_zorder(6)
        self.taken.append(grown(box, 10))
        self.texts.append(grown(box, 10))

    def mark_own(self) -> None:
        """The scenario's own point, and the way to the nearest point of the border."""
        chart = self.chart
        own = self.at(chart.own)
        if chart.nearest is not None:
            near = self.at(chart.nearest)
            self.axes.plot(
                *zip(chart.own, chart.nearest, strict=True), color=INK, linewidth=1.6, linestyle=(0, (2, 2)), zorder=4, clip_on=False
            )
            self.axes.plot(
                [chart.nearest[0]], [chart.nearest[1]], "o", markersize=7, markerfacecolor=INK, markeredgecolor=INK, zorder=5, clip_on=False
            )
            self.taken.append((min(own[0], near[0]) - 6, min(own[1], near[1]) - 6, max(own[0], near[0]) + 6, max(own[1], near[1]) + 6))
        self.axes.plot(
            [chart.own[0]],
            [chart.own[1]],
            "o",
            markersize=13,
            markerfacecolor="white",
            markeredgecolor=INK,
            markeredgewidth=2.4,
            zorder=5,
            clip_on=False,
        )
        self.taken.append((own[0] - 16, own[1] - 16, own[0] + 16, own[1] + 16))
        self.place_near(chart.own_label, own, bold=True)
        if chart.nearest is not None:
            self.place_near(chart.nearest_label, self.at(chart.nearest), bold=False)

    def place_near(self, text: str, point: Point, *, bold: bool) -> None:
        """A label near a point, clear of the border and of what is there already."""
        left, low, right, high = self.place
        size, (shown, *_) = fitted(
            text, WIDEST * (right - left), (LABEL, 12, 11, 10, 9), 1, self.page.bold_width if bold else self.page.width
        )
        width = self.page.width(shown, size, bold=bold)
        around = [edges(box) for box in self.taken]
        box = free_place((width + 8, size * PIXELS + 6), point, (left + 8, low + 8, right - 8, high - 8), [*self.border, *around])
        if not any(overlap(box, other) for other in self.texts):  # else there is no room at all
            self.label(box, shown, size, bold=bold)

    def name_regions(self) -> None:
        """Who wins, in the widest part of where that is so."""
        left, _, right, _ = self.place
        for region in self.chart.regions:
            size, (text, *_) = fitted(region.label, WIDEST * (right - left), (WINS, 15, 13, 11, 9), 1, self.page.bold_width)
            box = self.widest(region.sign, (self.page.bold_width(text, size) + 16, size * PIXELS + 12))
            if box is not None:
                self.label(box, text, size, bold=True, colour=region.style.colour)

    def widest(self, sign: float, size: tuple[float, float]) -> Box | None:
        """A box where one strategy wins, as far as can be from all that is not so; None where there is no room."""
        gaps = finer(np.array(self.chart.gaps, dtype=float), PLACES)
        rows, columns = gaps.shape
        left, low, right, high = self.place
        across, up = (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows
        points = np.stack(np.meshgrid(left + across * (right - left), low + up * (high - low)), axis=-1).reshape(-1, 2)
        wins = (sign * gaps > 0).ravel()
        inner, outer = points[wins], points[~wins]
        middle = np.array([(left + right) / 2, (low + high) / 2])
        if not inner.size:  # who wins in a corner alone wins in the middle of no square
            return None
        if outer.size:
            near = np.sqrt(((inner[:, np.newaxis] - outer) ** 2).sum(axis=2)).min(axis=1)
        else:
            near = -np.sqrt(((inner - middle) ** 2).sum(axis=1))
        rim = np.minimum.reduce([inner[:, 0] - left, right - inner[:, 0], 2 * (inner[:, 1] - low), 2 * (high - inner[:, 1])])
        order = np.argsort(-(np.minimum(near, rim) if outer.size else near), kind="stable")
        found = None
        for x, y in inner[order].tolist():
            box = (x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
            if not self.free(box) or any(crosses(line, grown(box, 6)) for line in self.border):
                continue
            if not any(crosses(line, box) for line in self.lines):  # rather where no line of equal lead runs under it
                return box
            found = found or box
        return found

    def free(self, box: Box) -> bool:
        """Whether a box lies within the map and over no label."""
        left, low, right, high = self.place
        return inside(box, (left + 6, low + 6, right - 6, high - 6)) and not any(overlap(box, other) for other in self.taken)

    def blank(self) -> None:
        """What is to be said where nobody can tell."""
        if not self.chart.blank_label:
            return
        left, low, right, high = self.place
        size = 11.0
        width = self.page.width(f"grey: {self.chart.blank_label}", size) + 8
        for x, y in ((right - width - 10, low + 10), (left + 10, low + 10), (right - width - 10, high - 40), (left + 10, high - 40)):
            box = (x, y, x + width, y + size * PIXELS + 6)
            if self.free(box):
                self.label(box, f"grey: {self.chart.blank_label}", size, colour=QUIET)
                return

    def name_contour(self, text: str, lines: Sequence[Sequence[Point]], *, bold: bool) -> None:
        """The lead along a line, somewhere on it; left out where there is no room."""
        size = 12.0 if bold else 10.0
        width = self.page.width(text, size, bold=bold) + 6
        longest = max(lines, key=len, default=())
        order = sorted(range(len(longest)), key=lambda place: abs(place - len(longest) / 2))
        for place in order:
            x, y = longest[place]
            box = (x - width / 2, y - size * PIXELS / 2 - 2, x + width / 2, y + size * PIXELS / 2 + 2)
            if self.free(box):
                self.label(box, text, size, bold=bold, colour=INK if bold else QUIET)
                return


def edges(box: Box) -> list[Point]:
    """The rim of a box with its diagonals, as a line that nothing within it can avoid."""
    left, low, right, high = box
    return [(left, low), (right, low), (right, high), (left, high), (left, low), (right, high), (left, high), (right, low)]
