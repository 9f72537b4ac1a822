"""What a chart shows, as frozen records: everything that can be read off the picture can be read off these.

::

    Chart       title, subtitle and footer around one or more plots
    ├── Overlay     one plot: a series of every strategy over time
    ├── Fan         ... in many futures: medians, and bands around them
    └── Panel       several small plots, with the names of the strategies once
    Plot        lines over two axes, and where one line passes another
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Axis", "Band", "Chart", "Crossing", "Fan", "Line", "Overlay", "Panel", "Plot", "Style"]


class Style(Record):
    """How a line looks.

    Attributes:
        colour: as ``#rrggbb``, dark enough for text on white.
        dash: lengths of strokes and gaps in turn, in widths of the line; () for a solid line.
    """

    colour: str
    dash: tuple[float, ...]


class Line(Record):
    """A series of one strategy.

    Attributes:
        name: of the strategy, as a label says it.
        style: how it looks.
        times: the saved times, in the model's time unit.
        values: in the unit of the series, NaN where undefined.
        label: the value at its end, as a label says it.
        rank: 0 for the lines to label first where there is no room for all.
    """

    name: str
    style: Style
    times: tuple[float, ...]
    values: tuple[float, ...]
    label: str
    rank: int = 0


class Crossing(Record):
    """Where one line passes another for good.

    Attributes:
        time: in the model's time unit.
        value: of both lines there.
        label: the month, as people count.
    """

    time: float
    value: float
    label: str


class Axis(Record):
    """One axis of a plot.

    Attributes:
        label: what it measures, with its unit.
        low: where it begins.
        high: where it ends.
        ticks: where it is labelled.
        tick_labels: with what.
    """

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    tick_labels: tuple[str, ...]


class Plot(Record):
    """Lines over two axes.

    Attributes:
        series: the name of what is plotted.
        title: the same, as people say it.
        note: what it is, in a few words.
        across: time.
        up: the series.
        lines: one for each strategy.
        crossing: where the winner passes the loser, if it does.
    """

    series: str
    title: str
    note: str
    across: Axis
    up: Axis
    lines: tuple[Line, ...]
    crossing: Crossing | None = None


class Chart(Record):
    """What every chart has around its plots.

    Attributes:
        title: the finding.
        subtitle: what is plotted, and under which conditions.
        footer: where it comes from and how to make it again, line by line.
    """

    title: str
    subtitle: str
    footer: tuple[str, ...]

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        raise NotImplementedError

    def png(self) -> bytes:
        """The chart as a picture of 1920×1080 pixels."""
        return self.images()[0]

    def svg(self) -> bytes:
        """The chart as a drawing, with its text as text and its font inside."""
        return self.images()[1]

    def images(self) -> tuple[bytes, bytes]:
        """The picture and the drawing, made from one figure; the same bytes for the same chart."""
        from flywheel_sim.charts.drawing.image import images

        return images(self)

    def _repr_png_(self) -> bytes:
        return self.png()

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()}: {self.title}>"


class Overlay(Chart):
    """A series of every strategy over time.

    Attributes:
        plot: what is drawn.
    """

    plot: Plot

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.overlay import draw_overlay

        return draw_overlay(self)


class Band(Record):
    """How far a series of one strategy ranges in many futures.

    Attributes:
        name: of the strategy, as a label says it.
        style: of its line.
        times: the saved times, in the model's time unit.
        quantiles: 5, 25, 50, 75 and 95 %, each over the saved times; NaN where undefined.
    """

    name: str
    style: Style
    times: tuple[float, ...]
    quantiles: tuple[tuple[float, ...], ...]


class Fan(Chart):
    """A series over time in many futures: the median of every strategy, and bands around those that are compared.

    Attributes:
        plot: the medians.
        bands: the baseline's first.
    """

    plot: Plot
    bands: tuple[Band, ...]

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.fan import draw_fan

        return draw_fan(self)


class Panel(Chart):
    """Several series of every strategy over time, each in a small plot.

    Attributes:
        plots: in reading order.
    """

    plots: tuple[Plot, ...]

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.panel import draw_panel

        return draw_panel(self)
