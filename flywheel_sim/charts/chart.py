"""What a chart shows, as frozen records: everything that can be read off the picture can be read off these.

::

    Chart       title, subtitle and footer around one or more plots
    ├── Overlay     one plot: a series of every strategy over time
    ├── Fan         ... in many futures: medians, and bands around them
    ├── ReplicationsChart   ... in many runs that chance makes: single ones, medians, bands, and how they scatter at the end
    ├── StallChart          the share of such runs that have not got going, over time
    ├── Panel       several small plots, with the names of the strategies once
    └── JourneyMapChart     what accounts meet on their way, stage by stage
    Plot        lines over two axes, and where one line passes another
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.records import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "Axis",
    "Band",
    "Chart",
    "Crossing",
    "Fan",
    "JourneyMapChart",
    "Line",
    "Mark",
    "Overlay",
    "Panel",
    "Plot",
    "Range",
    "ReplicationsChart",
    "Spread",
    "Stage",
    "StallChart",
    "Style",
    "Thread",
]


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


class Thread(Record):
    """A series of one strategy in one single run of many.

    Attributes:
        name: of the strategy, as a label says it.
        style: of its line.
        times: the saved times, in the model's time unit.
        values: in the unit of the series, NaN where undefined.
    """

    name: str
    style: Style
    times: tuple[float, ...]
    values: tuple[float, ...]


class Spread(Record):
    """Where the runs of one strategy end.

    Attributes:
        name: of the strategy, as a label says it.
        style: of its line.
        edges: of bins of equal width, one more than there are shares; none where the single runs were not kept.
        shares: of the runs, that end within each bin; those beyond the axis stand in the outermost.
        quantiles: 5, 25, 50, 75 and 95 % at the end; NaN where undefined.
        smooth: what the equations say of the end; NaN where they were not asked.
    """

    name: str
    style: Style
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    quantiles: tuple[float, ...]
    smooth: float


class ReplicationsChart(Chart):
    """A series over time in many runs that differ by chance: some of them as they are, and what becomes of all.

    Attributes:
        plot: the medians.
        bands: of the strategies that are compared, the baseline's first.
        threads: single runs of these, the first few of each; none where they were not kept.
        smooth: the curves of the equations; none where they were not asked.
        spreads: where the runs of the strategies that are compared end.
        start: what all runs begin with, NaN where they do not begin alike.
    """

    plot: Plot
    bands: tuple[Band, ...]
    threads: tuple[Thread, ...]
    smooth: tuple[Line, ...]
    spreads: tuple[Spread, ...]
    start: float

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.replications import draw_replications

        return draw_replications(self)


class Range(Record):
    """Between what numbers a line may run.

    Attributes:
        name: of the strategy, as a label says it.
        style: of its line.
        times: the saved times, in the model's time unit.
        low: at each of them, NaN where undefined.
        high: likewise.
    """

    name: str
    style: Style
    times: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class StallChart(Chart):
    """The share of many runs in which a series is no better than at its start, over time.

    Attributes:
        plot: the shares, one line for each strategy.
        ranges: in which they lie with 95 %; where strategies are many, of those that are compared.
    """

    plot: Plot
    ranges: tuple[Range, ...]

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.stall import draw_stall

        return draw_stall(self)


class Stage(Record):
    """One stock on the way of accounts.

    Attributes:
        name: as declared.
        title: the same, as people say it.
        time: that those who left it had spent in it, in the model's time unit; NaN where nobody left.
        waited: of that, for staff.
        label: the time, as people write it.
        waits: the waiting, as people write it; empty where there is none.
        came: how many came, as people write it.
        lost: the share of those who left that went the wrong way; NaN where nobody left.
        loses: the same, as people write it.
    """

    name: str
    title: str
    time: float
    waited: float
    label: str
    waits: str
    came: str
    lost: float
    loses: str


class Mark(Record):
    """A handoff that loses accounts or their time.

    Attributes:
        tag: F1, F2.
        title: its name, as people say it.
        stages: the names of the stages where it bites.
        lost: how many accounts it loses, as people write it.
        gain: what removing it brings to the headline by the end; NaN where that is not known.
        error: the standard error of that; NaN where that is not known.
        label: the gain, as people write it.
        certain: whether the gain, or the loss, is beyond two standard errors.
    """

    tag: str
    title: str
    stages: tuple[str, ...]
    lost: str
    gain: float
    error: float
    label: str
    certain: bool


class JourneyMapChart(Chart):
    """What accounts meet on their way: in each stage how long they stay, how much of it they wait and how many are lost.

    Attributes:
        stages: in the order of the way.
        marks: the handoffs.
        longest: the time at the top of the scale; stays beyond it are drawn torn.
        time_label: what the bars measure, with its unit.
        gain_label: what removing a handoff brings, with when.
    """

    stages: tuple[Stage, ...]
    marks: tuple[Mark, ...]
    longest: float
    time_label: str
    gain_label: str

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.journey_map import draw_journey_map

        return draw_journey_map(self)
