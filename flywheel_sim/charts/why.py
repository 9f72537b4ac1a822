"""What the charts of reasons show, as frozen records: why one strategy ends ahead, and what that rests on.

::

    Chart
    ├── WaterfallChart   what each difference between two strategies contributes
    ├── LoopSharesChart  how much each loop does over time, and which is the strongest when
    ├── CoastChart       who is still won after all spending stops, for each month in which it may
    ├── HoldingChart     how much of the spending it takes to keep the speed
    ├── TornadoChart     what each assumption does to an outcome
    ├── RegimeChart      who wins where, over two parameters
    └── PlanChart        how to split a budget over time, beside today's split
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.charts.chart import Axis, Chart, Plot, Style, Thread
from flywheel_sim.records import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "CoastChart",
    "Contour",
    "HoldingChart",
    "LoopSharesChart",
    "PlanChart",
    "Portion",
    "RegimeChart",
    "Region",
    "Reign",
    "Split",
    "Step",
    "Swing",
    "TornadoChart",
    "WaterfallChart",
]

Point = tuple[float, float]


class Step(Record):
    """A row of a waterfall.

    Attributes:
        name: of the difference; of the strategy for the first and the last row; ``others`` for what is gathered.
        title: the same, as people say it.
        kind: ``strategy``, ``loop``, ``friction``, ``lever``, ``rest`` or ``others``.
        start: where its bar begins; 0 for a strategy.
        end: where its bar ends.
        label: its value, as people write it.
        low: where the whisker begins, on the axis; NaN where there are no draws.
        high: where it ends.
    """

    name: str
    title: str
    kind: str
    start: float
    end: float
    label: str
    low: float
    high: float

    @property
    def value(self) -> float:
        """What it contributes; of a strategy, what it has."""
        return self.end - self.start


class WaterfallChart(Chart):
    """The way from the baseline to the challenger, difference by difference.

    Attributes:
        steps: from above: the baseline, what contributes most first, the challenger.
        across: of the outcome; it may begin far from 0, and then the bars of the strategies are drawn torn.
    """

    steps: tuple[Step, ...]
    across: Axis

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.waterfall import draw_waterfall

        return draw_waterfall(self)


class Reign(Record):
    """A stretch of time in which one loop does more than any other that is shown.

    Attributes:
        name: of the loop, as a label says it; empty where no loop is at work.
        style: of its line.
        start: in the model's time unit.
        end: likewise.
        label: when it begins, as people count; empty for the first.
    """

    name: str
    style: Style
    start: float
    end: float
    label: str


class LoopSharesChart(Chart):
    """How much each loop does over time: reinforcing above zero, balancing below.

    Attributes:
        plot: the signed shares, one line for each loop.
        reigns: which is the strongest when, one after the other.
    """

    plot: Plot
    reigns: tuple[Reign, ...]

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.loop_shares import draw_loop_shares

        return draw_loop_shares(self)


class CoastChart(Chart):
    """Who is won after all spending stops, for each month in which it may stop.

    Attributes:
        plot: those won within the coast, one line for each strategy.
        pipelines: of them, those who were already on their way when the spending stopped.
        pipeline_label: what these are, for a label within the plot.
    """

    plot: Plot
    pipelines: tuple[Thread, ...]
    pipeline_label: str

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.coast import draw_coast

        return draw_coast(self)


class HoldingChart(Chart):
    """The least spending that keeps the speed of each month, as a share of what is spent.

    Attributes:
        plot: the shares, one line for each strategy.
        several: the points at which more than the least is not always enough.
        several_label: what these mean, for a label within the plot; empty where there are none.
        all_label: what the line at 100 % means.
    """

    plot: Plot
    several: tuple[Point, ...]
    several_label: str
    all_label: str

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.coast import draw_holding

        return draw_holding(self)


class Swing(Record):
    """What one assumption does to the outcome.

    Attributes:
        name: of the parameter, with its label if it has one.
        title: the same, as people say it.
        low_label: the lower end of its range, as people write it.
        high_label: the upper end.
        at_low: the outcome at the lower end; NaN where it is undefined.
        at_high: the outcome at the upper end.
        least: the least outcome anywhere in the range.
        most: the greatest.
        monotone: whether the outcome only rises or only falls along the range.
        flips: whether somebody else is ahead somewhere in the range.
        note: what is to be known of it, in a few words; often nothing.
    """

    name: str
    title: str
    low_label: str
    high_label: str
    at_low: float
    at_high: float
    least: float
    most: float
    monotone: bool
    flips: bool
    note: str


class TornadoChart(Chart):
    """What each assumption does to an outcome, all others as they stand.

    Attributes:
        swings: of the widest first.
        across: of the outcome.
        base: the outcome as things stand.
        base_label: the same, as people write it.
        tie: whether the outcome is a lead, so that 0 is where the winner changes.
    """

    swings: tuple[Swing, ...]
    across: Axis
    base: float
    base_label: str
    tie: bool

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.tornado import draw_tornado

        return draw_tornado(self)


class Contour(Record):
    """Where the lead is the same.

    Attributes:
        level: how far the challenger is ahead.
        label: the same, as people write it.
        lines: each from end to end, as points (across, up).
    """

    level: float
    label: str
    lines: tuple[tuple[Point, ...], ...]


class Region(Record):
    """Where one strategy wins.

    Attributes:
        label: who does, for a label within the map.
        style: of the strategy.
        sign: 1 where the lead of the challenger is above 0, -1 where it is below.
    """

    label: str
    style: Style
    sign: float


class RegimeChart(Chart):
    """Who wins where, over two parameters.

    Attributes:
        across: the parameter from left to right.
        up: the parameter from below.
        gaps: how far the challenger is ahead, in rows from below, evenly over both axes; NaN where nobody can tell.
        regions: those who win somewhere, the baseline first.
        contours: where the lead is the same, the tie lines (level 0) first.
        own: the scenario's own point, moved to the rim where it lies outside.
        own_label: what to call it.
        nearest: the nearest point of a tie line; None without one, or where the scenario lies on it.
        nearest_label: its values.
        blank_label: what is to be said where nobody can tell; empty where there is no such place.
    """

    across: Axis
    up: Axis
    gaps: tuple[tuple[float, ...], ...]
    regions: tuple[Region, ...]
    contours: tuple[Contour, ...]
    own: Point
    own_label: str
    nearest: Point | None
    nearest_label: str
    blank_label: str

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.regime import draw_regime

        return draw_regime(self)


class Portion(Record):
    """What one outlet gets of the budget.

    Attributes:
        name: of the outlet.
        low: where its part of the bar begins, as a share of the budget.
        high: where it ends.
        label: the share, as people write it.
    """

    name: str
    low: float
    high: float
    label: str


class Split(Record):
    """One bar: the whole budget and how it is split.

    Attributes:
        title: when.
        start: of the period, in the model's time unit; NaN for today's split.
        end: likewise.
        portions: from below, in the same order in every bar.
        spend: what is spent, as people write it; empty where that is not known or always the same.
    """

    title: str
    start: float
    end: float
    portions: tuple[Portion, ...]
    spend: str


class PlanChart(Chart):
    """How to split a budget over time, beside today's split.

    Attributes:
        outlets: the name and the title of each, from below.
        today: today's split, the mean over time.
        splits: the plan, period by period; none where there is no plan.
        up_label: what the bars measure.
        across_label: what the periods are.
        spend_label: what the amounts below the bars are; empty where there are none.
    """

    outlets: tuple[tuple[str, str], ...]
    today: Split
    splits: tuple[Split, ...]
    up_label: str
    across_label: str
    spend_label: str

    def draw(self) -> Figure:
        """The chart as a figure of 1920×1080 pixels, with a canvas of its own and no part in pyplot."""
        from flywheel_sim.charts.drawing.plan import draw_plan

        return draw_plan(self)
